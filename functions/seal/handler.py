"""Seals the audit trail: verifies what is new in every tenant's chain, and puts its head where nobody can change it.

Invoked every day, and with {"action": "verify"} by people: then it verifies whole chains, of one tenant if it is named.
"""

from datetime import UTC, datetime
from typing import Any

from functions.seal.models import Report
from functions.seal.sealing import Sealing
from functions.seal.seals import Seals
from functions.seal.settings import Settings
from smartqueue.aws import aws_client
from smartqueue.environment import Environment
from smartqueue.logs import log_invocation
from smartqueue.metrics import metered
from smartqueue.store.audit_chain import AuditChainStore

environment = Environment(Settings)


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Seal, or verify. Raises ValueError for an action that is neither."""
    with log_invocation(context) as log, metered(environment.cache) as meter:
        sealing = Sealing(
            store=AuditChainStore(environment.database),
            seals=Seals(aws_client("s3"), environment.settings.seal_bucket),
            settings=environment.settings,
            meter=meter,
            remaining_seconds=lambda: context.get_remaining_time_in_millis() / 1000,
            now=now(),
        )
        report = _act(sealing, event)
        log.info("audit trail verified", extra=report.model_dump(exclude={"problems"}))
        return report.model_dump(by_alias=True, mode="json")


def _act(sealing: Sealing, event: dict[str, Any]) -> Report:
    match event.get("action", "seal"):
        case "seal":
            return sealing.seal()
        case "verify":
            return sealing.verify(event.get("tenantId"))
        case other:
            raise ValueError(f"there is no action {other!r}: it is seal or verify")
