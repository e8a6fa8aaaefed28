"""The transactional outbox. Rows are written by the statements that make them true; here they reach Kafka and go."""

import json
import logging
from collections.abc import Sequence

import psycopg

from smartqueue.broker import Broker
from smartqueue.database import Database, Statement, commit_boundary
from smartqueue.events import Message
from smartqueue.failpoints import reach
from smartqueue.store.queries import load

log = logging.getLogger(__name__)


class Outbox:
    """Messages that must reach Kafka, sooner by their writer or later by the relay."""

    def __init__(self, database: Database, broker: Broker) -> None:
        self._database = database
        self._broker = broker
        self._sql = load("outbox")

    def publish_now(self, messages: Sequence[Message], *, tenant_id: str | None = None) -> None:
        """Publish committed messages that are due, and delete the rows of those that Kafka acknowledged.

        Never raises for Kafka or the database being away: the rows stay, and the relay publishes them. A row whose
        deletion fails is published twice, which consumers are built for.
        """
        due = [m for m in messages if m.due_in_seconds == 0]
        acknowledged = self._broker.publish(due)
        if len(acknowledged) < len(due):
            log.warning("kafka is away or slow, left to the relay", extra={"messages": len(due) - len(acknowledged)})
        if not acknowledged:
            return
        try:
            self.delete(acknowledged, tenant_id=tenant_id)
        except psycopg.Error as error:
            log.warning("published rows stay in the outbox", extra={"rows": len(acknowledged), "error": str(error)})

    def insert_statement(self, messages: Sequence[Message]) -> Statement:
        """Return the statement that adds messages, for a transaction that also does what they tell of."""
        records = [
            {
                "id": m.id,
                "tenant_id": m.tenant_id,
                "topic": m.topic,
                "key": m.key,
                "value": m.value,
                "headers": m.headers,
                "due_in_seconds": m.due_in_seconds,
            }
            for m in messages
        ]
        return Statement(self._sql["insert"], {"messages": json.dumps(records)})

    def delete(self, ids: Sequence[str], *, tenant_id: str | None = None) -> None:
        """Delete rows that were published."""
        with commit_boundary("outbox-delete"):
            self._database.query(self._sql["delete"], {"ids": list(ids)}, tenant_id=tenant_id)

    def publish_due(self, *, limit: int) -> list[Message]:
        """Publish up to `limit` due rows; return those that Kafka acknowledged, which are deleted.

        The rows are locked meanwhile. What Kafka refuses is due again a little later, so that it does not stand in the
        way of the others.
        """
        if self._broker.is_resting:
            return []
        with self._database.transaction() as connection:
            rows = connection.execute(self._sql["take_due"], {"limit": limit}).fetchall()
            if not rows:
                return []
            messages = [
                Message(
                    id=str(row["id"]),
                    tenant_id=row["tenant_id"],
                    topic=row["topic"],
                    key=row["key"],
                    value=row["value"],
                    correlation_id=row["headers"]["correlation_id"],
                )
                for row in rows
            ]
            acknowledged = set(self._broker.publish(messages))
            left = [m.id for m in messages if m.id not in acknowledged]
            connection.execute(self._sql["delete"], {"ids": list(acknowledged)})
            # When Kafka is away they stay due: the first look after its return publishes them.
            if left and not self._broker.is_resting:
                connection.execute(self._sql["postpone"], {"ids": left})
            reach("publish-due.before", psycopg.OperationalError)
        reach("publish-due.after", psycopg.OperationalError)
        return [m for m in messages if m.id in acknowledged]
