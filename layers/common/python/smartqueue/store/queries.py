"""Loading the .sql files that lie beside this module."""

from functools import cache
from importlib.resources import files
from typing import LiteralString

from smartqueue.database import read_queries


@cache
def load(aggregate: str) -> dict[str, LiteralString]:
    """Return the statements of sql/<aggregate>.sql by name."""
    return read_queries((files("smartqueue.store") / "sql" / f"{aggregate}.sql").read_text("utf-8"))
