"""The garbage collector at a cold start: what is loaded then stays, and looking for garbage in it is in vain."""

import gc
from functools import cache

# Allocations, of which a cold start needs half. In between there is room for a batch of any size.
_PATIENT = 250_000
_USUAL = gc.get_threshold()


def be_patient() -> None:
    """Stay away for the length of a cold start, a tenth of whose CPU it would take."""
    gc.set_threshold(_PATIENT, *_USUAL[1:])


@cache
def settle() -> None:
    """At the end of the first invocation: leave what there is out of all further looks, and be as watchful as usual."""
    gc.freeze()
    gc.set_threshold(*_USUAL)
