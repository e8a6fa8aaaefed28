"""Lists that are filtered by what no index knows: each page costs the same, however few rows match."""

from collections.abc import Sequence
from dataclasses import dataclass

from smartqueue.database import Row

# How many rows one page looks at: a few milliseconds, or half a second where each lies on the disk by itself.
LOOKS = 500


@dataclass(frozen=True)
class Found:
    """rows: those that match. edge: the last row that was looked at if there may be more behind it, match or not."""

    rows: list[Row]
    edge: Row | None = None


def found(rows: Sequence[Row]) -> Found:
    """Read what a statement with `is_match` and `is_edge` gave."""
    edge = rows[-1] if rows and rows[-1]["is_edge"] else None
    return Found([row for row in rows if row["is_match"]], edge)
