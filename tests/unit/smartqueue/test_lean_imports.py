"""Loading a part of a library, and the rest of it when somebody asks."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from smartqueue.lean_imports import lean

PACKAGE = "library_of_a_test"


@pytest.fixture(autouse=True)
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package that loads all its modules."""
    folder = tmp_path / PACKAGE
    folder.mkdir()
    (folder / "__init__.py").write_text(
        f"from {PACKAGE}.heavy import WEIGHT\nfrom {PACKAGE}.part import SIZE\n", "utf-8"
    )
    (folder / "part.py").write_text("SIZE = 1\n", "utf-8")
    (folder / "heavy.py").write_text("WEIGHT = 1000\n", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    yield
    for name in [name for name in sys.modules if name.startswith(PACKAGE)]:
        del sys.modules[name]


def load(name: str) -> object:
    return importlib.import_module(name)


def loaded() -> set[str]:
    return {name for name in sys.modules if name.startswith(f"{PACKAGE}.")}


def test_a_part_comes_without_the_rest() -> None:
    with lean(PACKAGE):
        assert vars(load(f"{PACKAGE}.part"))["SIZE"] == 1
    assert loaded() == {f"{PACKAGE}.part"}


def test_the_rest_comes_when_it_is_asked_for() -> None:
    with lean(PACKAGE):
        load(f"{PACKAGE}.part")
    scope: dict[str, object] = {}
    exec(f"from {PACKAGE} import WEIGHT, part", scope)
    assert scope["WEIGHT"] == 1000
    assert scope["part"] is sys.modules[f"{PACKAGE}.part"]
    assert loaded() == {f"{PACKAGE}.part", f"{PACKAGE}.heavy"}


def test_a_name_whose_home_is_known_comes_without_the_rest() -> None:
    with lean(PACKAGE, homes={"SIZE": f"{PACKAGE}.part"}):
        exec(f"from {PACKAGE} import SIZE", {})
    assert loaded() == {f"{PACKAGE}.part"}


def test_a_name_that_is_nowhere_is_missing_as_ever() -> None:
    with lean(PACKAGE), pytest.raises(ImportError, match="cannot import name 'COLOUR'"):
        exec(f"from {PACKAGE} import COLOUR", {})
    with pytest.raises(ModuleNotFoundError, match="no package nowhere"), lean("nowhere"):
        pass


def test_what_is_loaded_already_stays_as_it_is() -> None:
    whole = load(PACKAGE)
    with lean(PACKAGE):
        assert load(PACKAGE) is whole
    assert loaded() == {f"{PACKAGE}.part", f"{PACKAGE}.heavy"}
