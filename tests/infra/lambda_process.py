"""Imports one handler as Lambda does, in a process that sees the layer, the function's package and nothing else.

Started with `-I -S`: no site-packages, no working directory, no PYTHONPATH. Prints what it found as JSON.
Arguments: the layer's `python` folder, the function's package, the function's name.
"""

import ast
import importlib.util
import json
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path

# Lambda's runtime brings it along.
OF_THE_RUNTIME = frozenset({"snapshot_restore_py"})


def named_modules(folder: Path) -> Iterator[str]:
    """The top-level name of every module that the sources import, wherever the import stands."""
    for path in folder.rglob("*.py"):
        for node in _walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module.partition(".")[0]


def _walk(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node that runs; what stands under `if TYPE_CHECKING` never does."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        yield node
        yield from _walk(node)


def main(layer: str, package: str, name: str) -> None:
    """Import, and report."""
    sys.path[:] = [package, layer, *(path for path in sys.path if "site-packages" not in path)]
    handler = importlib.import_module(f"functions.{name}.handler")
    for module in pkgutil.iter_modules([f"{package}/functions/{name}"], f"functions.{name}."):
        importlib.import_module(module.name)
    environment = getattr(handler, "environment", None)
    if environment is not None:
        environment.settings  # noqa: B018 - raises unless the template gives what it needs
    sources = (Path(package, "functions", name), Path(layer, "smartqueue"))
    named = {module for folder in sources for module in named_modules(folder)} - OF_THE_RUNTIME
    implementation = getattr(sys.modules.get("psycopg"), "pq", None)
    report = {
        "callable": callable(handler.lambda_handler),
        "missing": sorted(module for module in named if importlib.util.find_spec(module) is None),
        "foreign": sorted(
            file
            for module in list(sys.modules.values())
            if (file := getattr(module, "__file__", None))
            and not file.startswith((package, layer, sys.base_prefix, __file__))
        ),
        "own": sorted(
            module for module in ("argon2", "cramjam", "google.protobuf", "openai") if _is_there(module)
        ),
        "psycopg": getattr(implementation, "__impl__", None),
    }  # fmt: skip
    print(json.dumps(report))  # noqa: T201 - the answer


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


if __name__ == "__main__":
    main(*sys.argv[1:])
