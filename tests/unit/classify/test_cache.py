"""The cache on a real Valkey server: what shares an entry, what survives, and how many round trips it takes."""

from typing import TYPE_CHECKING

import pytest
import redis

from functions.classify.cache import ClassificationCache, cache_key
from functions.classify.circuit import Circuit
from functions.classify.classification import Classification
from tests.unit.classify.conftest import Valkey

if TYPE_CHECKING:
    from collections.abc import Callable

ANSWER = Classification(
    category="Database", priority="HIGH", confidence_score=0.9, recommended_action="Öffne das Log.", source="AI"
)
KEY = cache_key("acme", "Database down")


def cache_on(client: redis.Redis) -> ClassificationCache:
    return ClassificationCache(client, Circuit(client))


@pytest.mark.parametrize(
    ("title", "other", "same"),
    [
        ("Database down", "database DOWN", True),
        ("Database down", "  Database \t\n down ", True),
        ("Database down", "Ｄａｔａｂａｓｅ　ｄｏｗｎ", True),  # noqa: RUF001 - full width is the point
        ("Straße", "STRASSE", True),
        ("ﬁle", "FILE", True),
        ("café", "cafe\u0301", True),
        ("Database down", "Database down!", False),
        ("Database down", "Databasedown", False),
        ("", " ", True),
        ("\ud800", "\ud801", False),
    ],
)
def test_titles_share_an_entry_only_when_they_read_the_same(title: str, other: str, same: bool) -> None:
    assert (cache_key("acme", title) == cache_key("acme", other)) is same


def test_tenants_never_share_an_entry_and_the_title_is_not_readable_in_the_key() -> None:
    assert cache_key("acme", "secret title") != cache_key("globex", "secret title")
    prefix, tenant, digest = cache_key("acme", "secret title").split(":")
    assert (prefix, tenant, len(digest)) == ("classification", "acme", 64)


def test_what_was_saved_comes_back_marked_as_cached_and_lives_for_an_hour(valkey: redis.Redis) -> None:
    cache_on(valkey).save({KEY: ANSWER})
    assert cache_on(valkey).load([KEY, cache_key("acme", "other")]) == {KEY: ANSWER.model_copy(update={"cached": True})}
    assert 3_500 < valkey.ttl(KEY) <= 3_600


@pytest.mark.parametrize(
    "corrupt", [b"", b"{", b"null", b"\xff\xfe", b'{"category": "Weather"}', ANSWER.model_dump_json().encode()[:-9]]
)
def test_a_corrupt_entry_is_no_entry_and_can_be_overwritten(valkey: redis.Redis, corrupt: bytes) -> None:
    cache = cache_on(valkey)
    valkey.set(KEY, corrupt)
    assert cache.load([KEY]) == {}
    cache.save({KEY: ANSWER})
    assert KEY in (cache.load([KEY]) or {})


def test_an_entry_of_another_type_does_not_spoil_the_batch(valkey: redis.Redis) -> None:
    cache = cache_on(valkey)
    other = cache_key("acme", "other")
    cache.save({KEY: ANSWER})
    valkey.lpush(other, "not a string")
    assert set(cache.load([other, KEY]) or {}) == {KEY}


def test_a_client_that_decodes_responses_works_too(valkey: redis.Redis) -> None:
    cache_on(valkey).save({KEY: ANSWER})
    port = valkey.connection_pool.connection_kwargs["port"]
    with redis.Redis(port=port, decode_responses=True) as decoding:
        assert set(cache_on(decoding).load([KEY]) or {}) == {KEY}


def test_a_batch_reads_in_one_round_trip_and_writes_in_one_with_the_circuit(
    valkey: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    circuit = Circuit(valkey)
    cache = ClassificationCache(valkey, circuit)
    keys = [cache_key("acme", str(number)) for number in range(100)]
    trips: list[object] = []
    send: Callable[..., None] = redis.connection.Connection.send_packed_command

    def counting(connection: object, *args: object, **kwargs: object) -> None:
        trips.append(connection)
        send(connection, *args, **kwargs)

    monkeypatch.setattr(redis.connection.Connection, "send_packed_command", counting)
    cache.load(keys)
    assert len(trips) == 1
    circuit.trip()
    cache.save(dict.fromkeys(keys, ANSWER))
    assert len(trips) == 2
    cache.save({})
    assert len(trips) == 2


def test_redis_away_is_logged_and_otherwise_no_matter(own_valkey: Valkey, caplog: pytest.LogCaptureFixture) -> None:
    cache = cache_on(own_valkey.client)
    own_valkey.stop()
    assert cache.load([KEY]) is None
    cache.save({KEY: ANSWER})
    assert [record.getMessage() for record in caplog.records] == [
        "classification cache not readable",
        "classification cache not writable",
    ]
    own_valkey.start()
    assert cache.load([KEY]) == {}


def test_a_server_that_refuses_every_command_counts_as_away(own_valkey: Valkey) -> None:
    own_valkey.client.config_set("maxmemory", "1")
    cache = cache_on(own_valkey.client)
    cache.circuit.trip()
    cache.save({KEY: ANSWER})
    assert cache.circuit.unsaved
