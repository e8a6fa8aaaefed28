"""The broker's storage: conditional writes, ranges and listings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from localstack.services.objectstore import ObjectStore, Request, Response


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ObjectStore]:
    opened = ObjectStore(tmp_path / "objects.sqlite")
    yield opened
    opened.close()


def ask(store: ObjectStore, method: str, key: str = "", body: bytes = b"", **extra: str) -> Response:
    headers = {name.replace("_", "-"): value for name, value in extra.items() if not name.startswith("q_")}
    query = {
        name.removeprefix("q_").replace("_", "-"): [value] for name, value in extra.items() if name.startswith("q_")
    }
    return store.answer(Request(method, key, query, headers, body))


def test_an_object_comes_back_and_goes(store: ObjectStore) -> None:
    assert ask(store, "GET", "a").status == 404
    tag = ask(store, "PUT", "a", b"one").headers["ETag"]
    got = ask(store, "GET", "a")
    assert (got.body, got.headers["ETag"]) == (b"one", tag)
    assert ask(store, "GET", "a", range="bytes=1-").body == b"ne"
    assert ask(store, "GET", "a", range="bytes=0-1").body == b"on"
    assert ask(store, "GET", "a", range="bytes=-1").body == b"e"
    assert ask(store, "GET", "a", if_none_match=tag).status == 304
    assert ask(store, "DELETE", "a").status == 204
    assert ask(store, "GET", "a").status == 404


def test_only_one_of_two_writers_wins(store: ObjectStore) -> None:
    first = ask(store, "PUT", "a", b"1", if_none_match="*")
    assert ask(store, "PUT", "a", b"2", if_none_match="*").status == 412

    second = ask(store, "PUT", "a", b"1", if_match=first.headers["ETag"])
    assert second.status == 200
    assert ask(store, "PUT", "a", b"3", if_match=first.headers["ETag"]).status == 412
    assert ask(store, "PUT", "b", b"3", if_match=first.headers["ETag"]).status == 412


def test_listings_are_sorted_and_fold_folders(store: ObjectStore) -> None:
    for key in ("x/b/1", "x/a", "x/b/2", "y"):
        ask(store, "PUT", key, b"1")

    everything = ask(store, "GET", q_prefix="x/").body.decode()
    assert [part.partition("<")[0] for part in everything.split("<Key>")[1:]] == ["x/a", "x/b/1", "x/b/2"]
    folded = ask(store, "GET", q_prefix="x/", q_delimiter="/").body.decode()
    assert "<Prefix>x/b/</Prefix>" in folded
    assert folded.count("<Key>") == 1
    assert b"<Key>x/a</Key>" not in ask(store, "GET", q_prefix="x/", q_start_after="x/a").body
    ask(store, "POST", "", b"<Delete><Object><Key>x/a</Key></Object></Delete>", q_delete="")
    assert b"x/a" not in ask(store, "GET", q_prefix="x/").body


def test_a_log_is_listed_as_it_is_now(store: ObjectStore) -> None:
    def keys(prefix: str = "p/0/records/") -> list[str]:
        return [part.partition("<")[0] for part in ask(store, "GET", q_prefix=prefix).body.decode().split("<Key>")[1:]]

    assert keys() == []
    for number in (1, 2, 4):
        ask(store, "PUT", f"p/0/records/{number}", b"1")
        ask(store, "PUT", f"p/1/records/{number}", b"1")
    assert keys() == ["p/0/records/1", "p/0/records/2", "p/0/records/4"]
    ask(store, "PUT", "p/0/records/3", b"late")
    assert keys() == ["p/0/records/1", "p/0/records/2", "p/0/records/3", "p/0/records/4"]
    ask(store, "PUT", "p/0/records/4", b"longer")
    assert keys() == ["p/0/records/1", "p/0/records/2", "p/0/records/3", "p/0/records/4"]
    assert ask(store, "GET", q_prefix="p/0/records/").body.count(b"<Size>6</Size>") == 1
    ask(store, "PUT", "p/0/records/5/a", b"deeper")
    assert keys()[-1] == "p/0/records/5/a"
    ask(store, "DELETE", "p/0/records/2")
    assert keys() == ["p/0/records/1", "p/0/records/3", "p/0/records/4", "p/0/records/5/a"]
    assert len(keys("p/1/records/")) == 3


def test_what_the_broker_does_not_use_is_refused(store: ObjectStore) -> None:
    assert ask(store, "POST", "a", q_uploads="").status == 501


def test_objects_survive_without_a_close(tmp_path: Path) -> None:
    first = ObjectStore(tmp_path / "objects.sqlite")
    ask(first, "PUT", "a", b"kept")
    second = ObjectStore(tmp_path / "objects.sqlite")
    assert ask(second, "GET", "a").body == b"kept"
    first.close()
    second.close()
