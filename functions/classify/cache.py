"""Classifications already paid for, per tenant and title, kept in Redis for an hour.

One round trip reads a whole batch and the circuit's state, one writes both. Redis away means no cache, never an error.
"""

import hashlib
import unicodedata
from collections.abc import Collection, Mapping

from aws_lambda_powertools import Logger
from pydantic import ValidationError

from functions.classify.circuit import Circuit
from functions.classify.classification import Classification
from smartqueue.cache import Cache, CacheAwayError, CacheError, Pipeline
from smartqueue.failpoints import boundary

logger = Logger(child=True)

TTL_SECONDS = 3600


def cache_key(tenant_id: str, title: str) -> str:
    """Return the key of a tenant's title; case, width and spacing of the title make no difference."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", title).casefold())
    normal = " ".join(folded.split())
    return f"classification:{tenant_id}:{hashlib.sha256(normal.encode(errors='surrogatepass')).hexdigest()}"


class ClassificationCache:
    """The cache, and the circuit whose state shares its round trips."""

    def __init__(self, client: Cache, circuit: Circuit, *, ttl_seconds: int = TTL_SECONDS) -> None:
        self._client = client
        self.circuit = circuit
        self._ttl_seconds = ttl_seconds

    def load(self, keys: Collection[str]) -> dict[str, Classification] | None:
        """Return what is known under `keys`, marked as cached, and tell the circuit its state. None: Redis is away."""
        pipeline = self._client.pipeline(transaction=False)
        circuit_replies = self.circuit.add_reads(pipeline)
        for key in keys:
            pipeline.get(key)
        replies = self._execute(pipeline, "classification cache not readable")
        if replies is None:
            self.circuit.learn(None)
            return None
        self.circuit.learn(replies[:circuit_replies])
        known = {key: _parse(reply) for key, reply in zip(keys, replies[circuit_replies:], strict=True)}
        return {key: classification for key, classification in known.items() if classification is not None}

    def save(self, classifications: Mapping[str, Classification]) -> None:
        """Store `classifications` by key, and the circuit's changes."""
        if not classifications and not self.circuit.unsaved:
            return
        pipeline = self._client.pipeline(transaction=False)
        self.circuit.add_changes(pipeline)
        for key, classification in classifications.items():
            pipeline.set(key, classification.model_dump_json(exclude={"cached"}), ex=self._ttl_seconds)
        if self._execute(pipeline, "classification cache not writable") is not None:
            self.circuit.changes_saved()

    def _execute(self, pipeline: Pipeline, problem: str) -> list[object] | None:
        try:
            with boundary("classification-cache", CacheAwayError):
                replies: list[object] = pipeline.execute(raise_on_error=False)
        except CacheError as error:
            logger.warning(problem, extra={"error": type(error).__name__})
            return None
        errors = [reply for reply in replies if isinstance(reply, CacheError)]
        if errors:
            logger.warning(problem, extra={"error": str(errors[0]), "commands_failed": len(errors)})
        return None if len(errors) == len(replies) else replies


def _parse(reply: object) -> Classification | None:
    if not isinstance(reply, bytes | str):
        return None
    try:
        return Classification.model_validate_json(reply).model_copy(update={"cached": True})
    except ValidationError:
        # A later answer overwrites it.
        logger.warning("corrupt classification cache entry ignored")
        return None
