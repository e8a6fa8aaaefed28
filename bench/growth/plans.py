"""How Postgres answers a statement: its plan, taken with the very parameters, roles and protocol of the real thing."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

from smartqueue.database import SET_TENANT, Connection, Credentials, Database, Parameters, Row, Statement
from smartqueue.settings import DatabaseSettings

EXPLAIN = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) "


class ExplainingDatabase(Database):
    """Runs every statement twice: first explained and rolled back, then for real. plans: where they go."""

    def __init__(self, plans: list[Mapping[str, Any]], settings: DatabaseSettings, credentials: Credentials) -> None:
        super().__init__(settings, credentials)
        self._plans = plans

    def _run(self, statements: Sequence[Statement], tenant_id: str | None) -> list[list[Row]]:
        connection = self.connection()
        with connection.transaction(force_rollback=True):
            if tenant_id is not None:
                connection.execute(SET_TENANT, {"tenant_id": tenant_id})
            for statement in statements:
                self.explain(connection, statement.sql, statement.parameters)
        return super()._run(statements, tenant_id)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Give a connection whose statements are explained as well."""
        with super().transaction() as connection:
            yield cast("Connection", _Explaining(self, connection))

    def explain(self, connection: Connection, sql: str, parameters: Parameters) -> None:
        """Keep a statement's plan."""
        [row] = connection.execute((EXPLAIN + sql).encode(), parameters).fetchall()
        [explained] = row["QUERY PLAN"]
        self._plans.append(explained)


class _Explaining:
    def __init__(self, database: ExplainingDatabase, connection: Connection) -> None:
        self._database = database
        self._connection = connection

    def execute(self, sql: str, parameters: Parameters) -> Any:
        with self._connection.transaction(force_rollback=True):
            self._database.explain(self._connection, sql, parameters)
        return self._connection.execute(sql.encode(), parameters)


def shape(plan: Mapping[str, Any]) -> str:
    """Return what must not change with the size of a table: the nodes, and the indexes or tables that they read."""
    return _node(plan["Plan"])


def buffers(plan: Mapping[str, Any]) -> int:
    """Return how many blocks the statement looked at."""
    return int(plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"])


def _node(node: Mapping[str, Any]) -> str:
    names = ("Index Name", "Relation Name", "CTE Name", "Function Name")
    reads = next((f" {node[name]}" for name in names if name in node), "")
    kind = f"{node.get('Subplan Name', '')}: " if "Subplan Name" in node else ""
    inner = ", ".join(_node(child) for child in node.get("Plans", ()))
    return f"{kind}{node['Node Type']}{reads}" + (f" ({inner})" if inner else "")
