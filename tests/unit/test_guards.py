"""The list of guards is about the code as it is: bin/guards, which takes minutes, can rely on it."""

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.guards.listing import PAGE, ROOT, Guard, read_guards, with_table

GUARDS = read_guards()


@cache
def functions_of(file: Path) -> frozenset[str]:
    """Name the functions of a file, without running it."""
    tree = ast.parse(file.read_text("utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_a_guard_is_where_the_list_says_and_so_are_the_tests_that_notice(guard: Guard) -> None:
    source = (ROOT / guard.file).read_text("utf-8")
    assert guard.remove_from(source) != source
    assert guard.tests
    for test in guard.tests:
        file, _, name = test.partition("::")
        assert name in functions_of(ROOT / file), test


def test_each_guard_has_a_name_of_its_own() -> None:
    assert len({guard.name for guard in GUARDS}) == len(GUARDS)


def test_the_page_of_guarantees_has_the_list_as_it_is() -> None:
    page = PAGE.read_text("utf-8")
    assert page == with_table(page, GUARDS), "run bin/guards --table"
