"""Whether a database has a connection for every function that may run at once.

An execution environment keeps one connection, so the functions' reserved concurrency bounds how many there are. A
quarter of the server's is left for what the bound does not count: environments of code that a deployment has just
replaced (until `idle_session_timeout` ends their sessions), migrations, password rotation, seals, and people.
"""

from infra.cdk.settings import StageSettings

USERS_OF_THE_DATABASE = ("auth", "submit", "query", "replay", "process", "classify", "relay", "metrics")
"""The functions that serve; `migrate`, `rotate` and `seal` run one at a time, now and then."""
SHARE_OF_FUNCTIONS = 0.75


class TooManyConnectionsError(ValueError):
    """The functions of a stage may open more connections than its database takes."""


def check_connections(stage: StageSettings) -> None:
    """Raises TooManyConnectionsError if functions could take too many connections, or nobody knows how many.

    Behind a proxy callers wait for a connection instead of being refused, so everything goes.
    """
    if stage.database is None or stage.database.proxy:
        return
    reserved = {name: stage.function(name).reserved_concurrency for name in USERS_OF_THE_DATABASE}
    unbounded = [name for name, number in reserved.items() if number is None]
    if unbounded:
        names = ", ".join(unbounded)
        raise TooManyConnectionsError(
            f"Nothing bounds the connections to the database of {names}: set functions.<name>.reserved-concurrency, "
            "or database.proxy=true."
        )
    wanted = sum(number or 0 for number in reserved.values())
    allowed = int(stage.database.max_connections * SHARE_OF_FUNCTIONS)
    if wanted > allowed:
        raise TooManyConnectionsError(
            f"Functions may open {wanted} connections to the database, and {allowed} of its "
            f"{stage.database.max_connections} are for them: lower functions.<name>.reserved-concurrency, raise "
            "database.max-connections (and perhaps instance-class), or set database.proxy=true."
        )
