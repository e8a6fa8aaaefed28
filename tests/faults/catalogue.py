"""Every fault there is."""

from tests.faults.deliveries import delivery_faults
from tests.faults.failpoints import failpoint_faults, play_usual
from tests.faults.randomly import random_fault
from tests.faults.scene import Fault
from tests.faults.services import service_faults

NONE = Fault(name="none", group="none", tells="nothing breaks: what the others are compared with", play=play_usual)


def all_faults() -> dict[str, Fault]:
    """Return the faults by name."""
    faults = [NONE, *failpoint_faults(), *service_faults(), *delivery_faults(), random_fault()]
    return {fault.name: fault for fault in faults}


class UnknownFaultError(ValueError):
    """A name that stands for no fault."""


def choose_faults(names: list[str]) -> list[Fault]:
    """Return the faults that are named, by group, by name or by the beginning of one; all, if none is named.

    Raises UnknownFaultError.
    """
    known = all_faults()
    chosen: dict[str, Fault] = {} if names else known
    for name in names:
        found = {n: f for n, f in known.items() if n.startswith(name) or f.group == name}
        if not found:
            raise UnknownFaultError(f"There is no fault {name!r}: `bin/faults list` shows all.")
        chosen |= found
    return list(chosen.values())
