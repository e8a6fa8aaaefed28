"""Decides a batch of tickets: what is known from the cache, else the model, else the rules; always within a budget."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from aws_lambda_powertools import Logger

from functions.classify.cache import ClassificationCache, cache_key
from functions.classify.classification import Classification
from functions.classify.model import ModelAnswerError, ModelBudgetError, ModelUnavailableError, TicketModel

logger = Logger(child=True)

FallbackReason = Literal["unsure", "unavailable", "bad_answer", "no_model"]
# Kept back from the budget, at most a tenth of it, for writing the cache after the last call.
SAVE_SECONDS = 0.5
# No model answers faster; a call begun later would be paid for and thrown away.
SHORTEST_CALL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a job asks to have classified."""

    job_id: str
    tenant_id: str
    title: str
    description: str
    correlation_id: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """A ticket's classification and how it came about.

    cache_hit: an earlier call's outcome served this ticket (also one of the same batch); None: no lookup was possible.
    fallback_reason: why the rules decided; None when the model did.
    """

    classification: Classification
    cache_hit: bool | None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    fallback_reason: FallbackReason | None = None


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What asking about one title led to; without a classification every ticket gets the rules for its own text."""

    classification: Classification | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    fallback_reason: FallbackReason | None = None

    def already_told(self) -> "_Outcome":
        """Return the same without the tokens."""
        return replace(self, prompt_tokens=0, completion_tokens=0)


_UNAVAILABLE = _Outcome(fallback_reason="unavailable")
_NO_MODEL = _Outcome(fallback_reason="no_model")


class TicketClassifier:
    """Classifies tickets with a model when there is one and it is sure, with `rules(title, description)` otherwise."""

    def __init__(
        self,
        model: TicketModel | None,
        cache: ClassificationCache,
        rules: Callable[[str, str], Classification],
        *,
        confidence_threshold: float = 0.6,
        concurrency: int = 10,
    ) -> None:
        self._model = model
        self._cache = cache
        self._circuit = cache.circuit
        self._rules = rules
        self._threshold = confidence_threshold
        self._concurrency = concurrency

    def classify_batch(self, tickets: Sequence[Ticket], budget_seconds: float) -> list[Verdict]:
        """Return one verdict per ticket, in order, within about `budget_seconds`; never fails for want of a model.

        Tickets of one tenant with the same title cost one call. Only outcomes of really asking the model are cached.
        """
        deadline = time.monotonic() + budget_seconds - min(SAVE_SECONDS, budget_seconds / 10)
        by_key: dict[str, list[Ticket]] = {}
        for ticket in tickets:
            by_key.setdefault(cache_key(ticket.tenant_id, ticket.title), []).append(ticket)
        known = self._cache.load(by_key) if tickets and budget_seconds > 0 else None
        questions = {key: same[0] for key, same in by_key.items() if not known or key not in known}
        outcomes = self._ask(questions, deadline)
        if known is not None:
            # After a failed lookup a write would only wait for the same time-out again.
            self._cache.save({key: o.classification for key, o in outcomes.items() if o.classification})

        verdicts: list[Verdict] = []
        first_of: set[str] = set()
        for ticket in tickets:
            key = cache_key(ticket.tenant_id, ticket.title)
            if known and key in known:
                verdicts.append(_repeat(known[key], cache_hit=True))
            elif key in first_of and (given := outcomes[key].classification):
                verdicts.append(_repeat(given, cache_hit=None if known is None else True))
            else:
                # The tokens of one call are told once, whatever the number of tickets that it served.
                outcome = outcomes[key] if key not in first_of else outcomes[key].already_told()
                verdicts.append(self._first(ticket, outcome, cache_hit=None if known is None else False))
            first_of.add(key)
        return verdicts

    def _first(self, ticket: Ticket, outcome: _Outcome, *, cache_hit: bool | None) -> Verdict:
        return Verdict(
            classification=outcome.classification or self._rules(ticket.title, ticket.description),
            cache_hit=cache_hit,
            prompt_tokens=outcome.prompt_tokens,
            completion_tokens=outcome.completion_tokens,
            fallback_reason=outcome.fallback_reason,
        )

    def _ask(self, questions: Mapping[str, Ticket], deadline: float) -> dict[str, _Outcome]:
        if self._model is None:
            return dict.fromkeys(questions, _NO_MODEL)
        outcomes = dict.fromkeys(questions, _UNAVAILABLE)
        may_ask = self._circuit.state != "open" and _time_left(deadline)
        if questions and may_ask:
            asyncio.run(self._ask_model(self._model, questions, outcomes, deadline), loop_factory=_ImpatientLoop)
        return outcomes

    async def _ask_model(
        self, model: TicketModel, questions: Mapping[str, Ticket], outcomes: dict[str, _Outcome], deadline: float
    ) -> None:
        waiting = iter(questions.items())
        async with model:
            if self._circuit.state == "half_open":
                if not self._circuit.take_probe():
                    return
                key, ticket = next(waiting)
                outcomes[key] = await self._ask_one(model, ticket, deadline, probe=True)
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self._concurrency, len(questions))):
                    group.create_task(self._work(model, waiting, outcomes, deadline))

    async def _work(
        self, model: TicketModel, waiting: Iterator[tuple[str, Ticket]], outcomes: dict[str, _Outcome], deadline: float
    ) -> None:
        while self._circuit.state == "closed" and _time_left(deadline):
            question = next(waiting, None)
            if question is None:
                return
            key, ticket = question
            outcomes[key] = await self._ask_one(model, ticket, deadline)

    async def _ask_one(self, model: TicketModel, ticket: Ticket, deadline: float, *, probe: bool = False) -> _Outcome:
        """Ask about one ticket and tell the circuit what that says about the model."""
        try:
            answer = await model.classify(
                ticket.title,
                ticket.description,
                budget_seconds=deadline - time.monotonic(),
                correlation_id=ticket.correlation_id,
            )
        except ModelBudgetError:
            return _UNAVAILABLE
        except ModelUnavailableError as error:
            _log("model unavailable", ticket, error)
            self._circuit.trip()
            return _UNAVAILABLE
        except ModelAnswerError as error:
            _log("model answer unusable", ticket, error)
            outcome = _Outcome(None, error.prompt_tokens, error.completion_tokens, "bad_answer")
        else:
            sure = answer.confidence >= self._threshold
            classification = (
                Classification(
                    category=answer.category,
                    priority=answer.priority,
                    confidence_score=answer.confidence,
                    recommended_action=answer.recommended_action,
                    source="AI",
                )
                if sure
                else self._rules(ticket.title, ticket.description)
            )
            reason: FallbackReason | None = None if sure else "unsure"
            outcome = _Outcome(classification, answer.prompt_tokens, answer.completion_tokens, reason)
        if probe:
            # Only the probe: a call that was under way when another one opened the circuit says nothing newer.
            self._circuit.close()
        return outcome


class _ImpatientLoop(asyncio.SelectorEventLoop):
    """An event loop that ends without waiting for name lookups that hang in their threads, budget or no budget."""

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """Leave it to close(), which does not wait."""


def _time_left(deadline: float) -> bool:
    return deadline - time.monotonic() >= SHORTEST_CALL_SECONDS


def _repeat(classification: Classification, *, cache_hit: bool | None) -> Verdict:
    reason: FallbackReason | None = "unsure" if classification.source == "FALLBACK" else None
    return Verdict(classification.model_copy(update={"cached": True}), cache_hit, fallback_reason=reason)


def _log(message: str, ticket: Ticket, error: Exception) -> None:
    logger.warning(
        message,
        extra={
            "job_id": ticket.job_id,
            "tenant_id": ticket.tenant_id,
            "correlation_id": ticket.correlation_id,
            "error": f"{type(error).__name__}: {error}",
        },
    )
