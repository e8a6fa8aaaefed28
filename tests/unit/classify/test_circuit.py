"""One circuit over several execution environments, with a real Valkey server and without."""

import time
from collections.abc import Callable

import pytest
import redis

from functions.classify.cache import ClassificationCache
from functions.classify.circuit import Circuit
from tests.unit.classify.conftest import Valkey


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Environment:
    """One execution environment's circuit, and the batches that read and write its state."""

    def __init__(self, client: redis.Redis, open_seconds: float = 30) -> None:
        self.clock = Clock()
        self.circuit = Circuit(client, open_seconds=open_seconds, clock=self.clock)
        self._cache = ClassificationCache(client, self.circuit)

    def reads(self) -> str:
        self._cache.load([])
        return self.circuit.state

    def writes(self) -> None:
        self._cache.save({})

    def trips(self) -> None:
        self.circuit.trip()
        self.writes()

    def closes(self) -> None:
        self.circuit.close()
        self.writes()


Make = Callable[[], Environment]


@pytest.fixture
def make(valkey: redis.Redis) -> Make:
    return lambda: Environment(valkey)


def rest_is_over(client: redis.Redis) -> None:
    """Do what the TTL does after `open_seconds`."""
    client.delete("circuit:{openai}:resting")


def test_it_starts_closed(make: Make) -> None:
    assert make().reads() == "closed"


def test_what_one_environment_trips_is_open_in_the_others(make: Make) -> None:
    first, second = make(), make()
    first.trips()
    assert (first.reads(), second.reads()) == ("open", "open")


def test_it_rests_for_its_open_seconds_and_is_forgotten_in_the_end(make: Make, valkey: redis.Redis) -> None:
    make().trips()
    assert 29_000 < valkey.pttl("circuit:{openai}:resting") <= 30_000
    assert 3_500 < valkey.ttl("circuit:{openai}:tripped") <= 3_600


def test_after_the_rest_exactly_one_environment_probes(make: Make, valkey: redis.Redis) -> None:
    environments = [make() for _ in range(5)]
    environments[0].trips()
    rest_is_over(valkey)
    assert [environment.reads() for environment in environments] == ["half_open"] * 5
    assert sorted(environment.circuit.take_probe() for environment in environments) == [False] * 4 + [True]
    assert [environment.reads() for environment in environments] == ["open"] * 5


def test_a_probe_that_is_answered_closes_it_everywhere(make: Make, valkey: redis.Redis) -> None:
    first, second = make(), make()
    first.trips()
    rest_is_over(valkey)
    second.reads()
    assert second.circuit.take_probe()
    second.closes()
    assert (first.reads(), second.reads()) == ("closed", "closed")


def test_a_probe_that_fails_opens_it_for_another_rest(make: Make, valkey: redis.Redis) -> None:
    first, second = make(), make()
    first.trips()
    rest_is_over(valkey)
    second.reads()
    assert second.circuit.take_probe()
    second.trips()
    assert (first.reads(), second.reads()) == ("open", "open")


def test_a_prober_that_dies_delays_the_next_probe_by_one_rest(make: Make, valkey: redis.Redis) -> None:
    first, second = make(), make()
    first.trips()
    rest_is_over(valkey)
    first.reads()
    assert first.circuit.take_probe()
    assert second.reads() == "open"
    rest_is_over(valkey)
    assert second.reads() == "half_open"
    assert second.circuit.take_probe()


def test_without_redis_it_works_within_the_process(own_valkey: Valkey) -> None:
    environment = Environment(own_valkey.client)
    own_valkey.stop()
    assert environment.reads() == "closed"
    environment.trips()
    assert environment.reads() == "open"
    environment.clock.now += 29.9
    assert environment.reads() == "open"
    environment.clock.now += 0.2
    assert environment.reads() == "half_open"
    assert environment.circuit.take_probe()
    assert environment.reads() == "open"
    environment.closes()
    assert environment.reads() == "closed"


def test_an_open_state_read_from_redis_holds_when_redis_goes_away(own_valkey: Valkey) -> None:
    first, second = Environment(own_valkey.client), Environment(own_valkey.client)
    first.trips()
    second.reads()
    own_valkey.stop()
    assert second.reads() == "open"
    second.clock.now += 31
    assert second.reads() == "half_open"


def test_a_change_made_while_redis_was_away_is_shared_when_it_is_back(own_valkey: Valkey) -> None:
    first, second = Environment(own_valkey.client), Environment(own_valkey.client)
    own_valkey.stop()
    first.trips()
    own_valkey.start()
    assert first.reads() == "open"
    first.writes()
    assert second.reads() == "open"


def test_redis_lost_between_reading_and_probing_lets_the_process_probe(own_valkey: Valkey) -> None:
    environment = Environment(own_valkey.client)
    environment.trips()
    rest_is_over(own_valkey.client)
    assert environment.reads() == "half_open"
    own_valkey.stop()
    assert environment.circuit.take_probe()


def test_the_rest_ends_by_the_servers_clock(valkey: redis.Redis) -> None:
    environment = Environment(valkey, open_seconds=0.1)
    environment.trips()
    environment.clock.now += 1
    assert environment.reads() == "open"
    deadline = time.monotonic() + 5
    while environment.reads() != "half_open":
        assert time.monotonic() < deadline
