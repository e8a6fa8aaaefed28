"""Whole batches while Redis, the model or the time is short: what an outage costs, and that the budget holds."""

import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis

from functions.classify.cache import ClassificationCache
from functions.classify.circuit import Circuit
from functions.classify.model import TicketModel
from functions.classify.policy import TicketClassifier
from tests.fakes.openai_server import FakeOpenAI
from tests.unit.classify.conftest import Valkey, many, one, rules, summary, ticket, timed

Make = Callable[..., TicketClassifier]


def test_redis_away_costs_the_cache_only(make_classifier: Make, own_valkey: Valkey, openai_server: FakeOpenAI) -> None:
    classifier = make_classifier(own_valkey.client)
    own_valkey.stop()
    verdicts = classifier.classify_batch([ticket(), ticket(), ticket("other")], 20)
    assert [summary(verdict) for verdict in verdicts] == [
        ("AI", None, None, False),
        ("AI", None, None, True),
        ("AI", None, None, False),
    ]
    assert openai_server.calls == 2
    own_valkey.start()
    assert one(classifier).cache_hit is False
    assert one(classifier).cache_hit is True


def test_redis_away_and_model_away_still_cost_one_time_out(
    make_classifier: Make, own_valkey: Valkey, openai_server: FakeOpenAI
) -> None:
    classifier = make_classifier(own_valkey.client, timeout_seconds=0.4)
    own_valkey.stop()
    openai_server.always("delay=3")
    timed(classifier, many(5), 20)
    openai_server.requests.clear()
    verdicts, seconds = timed(classifier, many(5), 20)
    assert {verdict.fallback_reason for verdict in verdicts} == {"unavailable"}
    assert openai_server.calls == 0
    assert seconds < 0.4


def test_an_outage_costs_one_time_out_for_a_batch_and_nothing_for_the_next(
    make_classifier: Make, openai_server: FakeOpenAI
) -> None:
    openai_server.always("delay=3")
    verdicts, seconds = timed(make_classifier(timeout_seconds=0.5), many(100), 20)
    assert {summary(verdict) for verdict in verdicts} == {("FALLBACK", "unavailable", False, False)}
    assert openai_server.calls == 10
    assert 0.5 <= seconds < 2
    _, seconds = timed(make_classifier(timeout_seconds=0.5), many(100, "more"), 20)
    assert openai_server.calls == 10
    assert seconds < 0.4


def test_after_the_rest_one_probe_goes_first_and_the_others_follow_it(
    make_classifier: Make, openai_server: FakeOpenAI, valkey: redis.Redis
) -> None:
    openai_server.always("401")
    one(make_classifier())
    valkey.delete("circuit:{openai}:resting")
    openai_server.reset()
    openai_server.script("delay=0.2", *["ok"] * 20)
    verdicts = make_classifier().classify_batch(many(10), 20)
    assert {verdict.classification.source for verdict in verdicts} == {"AI"}
    assert valkey.exists("circuit:{openai}:tripped") == 0


@pytest.mark.parametrize(("behaviour", "calls"), [("401", 1), ("refusal", 10)])
def test_a_probe_without_answer_is_the_only_call_and_any_answer_ends_the_outage(
    make_classifier: Make, openai_server: FakeOpenAI, valkey: redis.Redis, behaviour: str, calls: int
) -> None:
    openai_server.always("401")
    one(make_classifier())
    valkey.delete("circuit:{openai}:resting")
    openai_server.reset()
    openai_server.always(behaviour)
    make_classifier().classify_batch(many(10), 20)
    assert openai_server.calls == calls
    assert make_classifier().classify_batch(many(1), 20)[0].classification.source == "FALLBACK"
    assert openai_server.calls == calls + (behaviour == "refusal")


def test_environments_that_lose_the_probe_do_not_call(
    make_classifier: Make, openai_server: FakeOpenAI, valkey: redis.Redis
) -> None:
    openai_server.always("401")
    one(make_classifier())
    openai_server.reset()
    openai_server.always("delay=0.3")
    valkey.delete("circuit:{openai}:resting")
    environments = [make_classifier() for _ in range(4)]
    with ThreadPoolExecutor() as pool:
        results = list(pool.map(one, environments))
    assert sorted(verdict.classification.source for verdict in results) == ["AI"] + ["FALLBACK"] * 3
    assert openai_server.calls == 1


def test_calls_run_side_by_side_but_never_more_than_allowed(make_classifier: Make, openai_server: FakeOpenAI) -> None:
    openai_server.always("delay=0.1")
    _, seconds = timed(make_classifier(concurrency=4), many(12), 20)
    assert openai_server.most_at_once == 4
    assert 0.3 <= seconds < 1.1


@pytest.mark.parametrize("budget_seconds", [-1, 0, 0.1, 0.6])
def test_what_is_not_answered_within_the_budget_goes_to_the_rules_and_opens_no_circuit(
    make_classifier: Make, openai_server: FakeOpenAI, valkey: redis.Redis, budget_seconds: float
) -> None:
    openai_server.always("delay=3")
    verdicts, seconds = timed(make_classifier(), many(30), budget_seconds)
    assert seconds < max(budget_seconds, 0) + 0.5
    assert {verdict.fallback_reason for verdict in verdicts} == {"unavailable"}
    assert valkey.exists("circuit:{openai}:tripped") == 0


def test_answers_that_came_in_time_are_kept_when_others_did_not(make_classifier: Make) -> None:
    tickets = [ticket("quick"), ticket("slow [ai:delay=3]")]
    verdicts, seconds = timed(make_classifier(), tickets, 1.5)
    assert [verdict.fallback_reason for verdict in verdicts] == [None, "unavailable"]
    assert seconds < 2.5
    assert one(make_classifier(), title="quick").cache_hit is True


def test_a_name_lookup_that_hangs_does_not_outlast_the_budget(
    make_model: Callable[..., TicketModel], valkey: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()

    def hang(*_: Any, **__: Any) -> list[Any]:
        over.wait(10)
        raise socket.gaierror(socket.EAI_AGAIN, "no answer")

    cache = ClassificationCache(valkey, Circuit(valkey))
    classifier = TicketClassifier(make_model(base_url="http://model.test/v1"), cache, rules)
    monkeypatch.setattr(socket, "getaddrinfo", hang)
    [verdict], seconds = timed(classifier, [ticket()], 0.6)
    over.set()
    assert seconds < 2
    assert verdict.fallback_reason == "unavailable"
