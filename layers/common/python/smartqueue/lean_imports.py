"""Loading a part of a library without what its packages load besides."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec, module_from_spec


@contextmanager
def lean(*packages: str, homes: Mapping[str, str] | None = None) -> Iterator[None]:
    """Import submodules of these packages inside, without running the packages themselves.

    A package is run in full at the first question for a name of its own, now or later, so that nothing is missing to
    anybody; unless `homes` tells the module that has this name. A package that is loaded already stays as it is.
    """
    for package in packages:
        if package not in sys.modules:
            _put_off(package, homes or {})
    yield


def _put_off(package: str, homes: Mapping[str, str]) -> None:
    spec = find_spec(package)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(f"there is no package {package}", name=package)
    loader, module = spec.loader, module_from_spec(spec)

    def look_up(name: str) -> object:
        home = homes.get(name, "")
        if home.startswith(f"{package}."):
            return getattr(import_module(home), name)
        # The import system asks for these, and comes for them itself when the answer is no.
        if name.startswith("__") or find_spec(f"{package}.{name}"):
            raise AttributeError(f"{package} has no {name} yet", name=name, obj=module)
        del module.__dict__["__getattr__"]
        loader.exec_module(module)
        found: object = getattr(module, name)
        return found

    module.__dict__["__getattr__"] = look_up
    sys.modules[package] = module
