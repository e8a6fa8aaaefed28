"""Whole batches: the cache first, then the model, then the rules; and which outcomes are kept."""

from collections.abc import Callable

import pytest
import redis

from functions.classify.cache import ClassificationCache
from functions.classify.circuit import Circuit
from functions.classify.model import TicketModel
from functions.classify.policy import TicketClassifier, Verdict
from tests.fakes.openai_server import FakeOpenAI
from tests.unit.classify.conftest import one, rules, summary, ticket

Make = Callable[..., TicketClassifier]


def test_a_sure_model_decides_and_says_what_it_used(make_classifier: Make, openai_server: FakeOpenAI) -> None:
    verdict = one(make_classifier())
    assert summary(verdict) == ("AI", None, False, False)
    assert (verdict.classification.category, verdict.classification.priority) == ("Database", "HIGH")
    assert verdict.classification.confidence_score == 0.92
    assert (verdict.prompt_tokens, verdict.completion_tokens) == (120, 30)
    assert openai_server.requests[0].headers["x-correlation-id"] == "corr-Primary database is down"


def test_the_same_title_is_not_asked_about_again(make_classifier: Make, openai_server: FakeOpenAI) -> None:
    one(make_classifier())
    verdict = one(make_classifier(), title="PRIMARY  database is down", description="another text")
    assert summary(verdict) == ("AI", None, True, True)
    assert (verdict.prompt_tokens, verdict.completion_tokens) == (0, 0)
    assert openai_server.calls == 1


def test_another_tenants_answer_is_never_used(make_classifier: Make, openai_server: FakeOpenAI) -> None:
    classifier = make_classifier()
    verdicts = classifier.classify_batch([ticket(tenant="acme"), ticket(tenant="globex")], 20)
    assert [verdict.cache_hit for verdict in verdicts] == [False, False]
    assert openai_server.calls == 2


def test_same_titles_of_a_batch_cost_one_call(make_classifier: Make, openai_server: FakeOpenAI) -> None:
    verdicts = make_classifier().classify_batch([ticket(), ticket("PRIMARY database is down"), ticket()], 20)
    repeated = ("AI", None, True, True)
    assert [summary(verdict) for verdict in verdicts] == [("AI", None, False, False), repeated, repeated]
    assert sum(verdict.prompt_tokens for verdict in verdicts) == 120
    assert openai_server.calls == 1


def test_verdicts_come_in_the_order_of_the_tickets(make_classifier: Make) -> None:
    titles = ["dns broken", "sql slow", "cpu hot", "button green"]
    verdicts = make_classifier().classify_batch([ticket(f"{t} {i}") for i in range(8) for t in titles], 20)
    assert [verdict.classification.category for verdict in verdicts] == [
        "Network",
        "Database",
        "Infrastructure",
        "Application",
    ] * 8


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("low", "unsure"),
        ("refusal", "bad_answer"),
        ("invalid-json", "bad_answer"),
        ("wrong-enum", "bad_answer"),
        ("length", "bad_answer"),
        ("not-json", "bad_answer"),
        ("400", "bad_answer"),
        ("401", "unavailable"),
        ("429=0.01", "unavailable"),
    ],
)
def test_only_what_the_model_really_said_is_kept(
    make_classifier: Make, openai_server: FakeOpenAI, valkey: redis.Redis, behaviour: str, reason: str
) -> None:
    kept = reason == "unsure"
    openai_server.always(behaviour)
    verdict = one(make_classifier())
    assert summary(verdict) == ("FALLBACK", reason, False, False)
    assert verdict.classification == rules("Primary database is down", "help")
    openai_server.reset()
    valkey.delete("circuit:{openai}:tripped")
    again = one(make_classifier())
    assert summary(again) == (("FALLBACK", "unsure", True, True) if kept else ("AI", None, False, False))
    assert openai_server.calls == (0 if kept else 1)


@pytest.mark.parametrize(("threshold", "source"), [(0.92, "AI"), (0.93, "FALLBACK")])
def test_the_threshold_itself_is_sure_enough(
    make_model: Callable[..., TicketModel], valkey: redis.Redis, threshold: float, source: str
) -> None:
    cache = ClassificationCache(valkey, Circuit(valkey))
    classifier = TicketClassifier(make_model(), cache, rules, confidence_threshold=threshold)
    assert one(classifier).classification.source == source


def test_tokens_of_a_bad_answer_are_counted(make_classifier: Make, openai_server: FakeOpenAI) -> None:
    openai_server.always("refusal")
    verdict = one(make_classifier())
    assert (verdict.prompt_tokens, verdict.completion_tokens) == (120, 30)


def test_tokens_of_a_bad_answer_are_counted_once_however_many_tickets_it_was_for(
    make_classifier: Make, openai_server: FakeOpenAI
) -> None:
    openai_server.always("refusal")
    verdicts = make_classifier().classify_batch([ticket(description=text) for text in ("one", "two", "three")], 20)
    assert openai_server.calls == 1
    assert sum(verdict.prompt_tokens + verdict.completion_tokens for verdict in verdicts) == 150
    assert [verdict.fallback_reason for verdict in verdicts] == ["bad_answer"] * 3


def test_one_bad_answer_does_not_touch_the_other_tickets(make_classifier: Make) -> None:
    verdicts = make_classifier().classify_batch(
        [ticket("a [ai:wrong-enum]"), ticket("b"), ticket("c [ai:refusal]")], 20
    )
    assert [verdict.fallback_reason for verdict in verdicts] == ["bad_answer", None, "bad_answer"]


def test_without_a_key_the_rules_decide_by_each_tickets_own_text(make_classifier: Make) -> None:
    classifier = make_classifier(with_model=False)
    tickets = [ticket(description="one"), ticket(description="two")]
    assert classifier.classify_batch(tickets, 20) == [
        Verdict(rules(t.title, t.description), cache_hit=False, fallback_reason="no_model") for t in tickets
    ]


def test_without_a_key_answers_from_before_still_count(make_classifier: Make) -> None:
    one(make_classifier())
    assert summary(one(make_classifier(with_model=False))) == ("AI", None, True, True)


def test_an_empty_batch_is_answered_without_asking_anybody(make_classifier: Make, openai_server: FakeOpenAI) -> None:
    assert make_classifier().classify_batch([], 20) == []
    assert openai_server.calls == 0
