"""The MSK trigger from a produced record to the function and the committed offset."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path

from localstack.services.kafka import lag
from tests.contract.support import Contract, Send, caught_up, events, values, wait_until


def test_the_event_has_the_shape_that_msk_gives_it(contract: Contract, send: Send, whole: Path) -> None:
    send("whole-topic", b"\xff\x00binary", key=b"the key", partition=1)
    event = wait_until(lambda: events(whole))[0]

    assert event["eventSource"] == "aws:kafka"
    assert event["eventSourceArn"].startswith("arn:aws:kafka:")
    assert event["bootstrapServers"] == contract.kafka.bootstrap
    assert list(event["records"]) == ["whole-topic-1"]
    record = event["records"]["whole-topic-1"][0]
    assert record["topic"] == "whole-topic"
    assert record["partition"] == 1
    assert record["timestampType"] == "CREATE_TIME"
    assert abs(record["timestamp"] / 1000 - time.time()) < 30
    assert base64.b64decode(record["key"]) == b"the key"
    assert base64.b64decode(record["value"]) == b"\xff\x00binary"
    assert record["headers"] == [{"correlation-id": list(b"c-1")}, {"empty": []}]


def test_an_idle_trigger_delivers_at_once(contract: Contract, send: Send, whole: Path) -> None:
    send("whole-topic", b"warm up")
    wait_until(lambda: events(whole))
    delays = []
    for number in range(15):
        sent = time.time_ns()
        send("whole-topic", f"timed {number}".encode())
        files = wait_until(lambda: sorted(whole.glob("*.ok.json"))[number + 1 :], pause=0.002)  # noqa: B023
        delays.append((int(files[0].name.partition(".")[0]) - sent) / 1e6)

    # 15 to 40 ms on an idle machine; the limit leaves room for a busy one.
    assert sorted(delays)[len(delays) // 2] < 150


def test_a_failed_batch_is_not_committed_and_comes_again(contract: Contract, send: Send, whole: Path) -> None:
    wait_until(lambda: caught_up(contract, "whole-group", "whole-topic"))
    (whole / "fail").touch()
    send("whole-topic", b"stubborn")
    wait_until(lambda: len(events(whole, "failed")) >= 2)
    assert lag(contract.kafka.bootstrap, "whole-group", "whole-topic") == 1

    (whole / "fail").unlink()
    wait_until(lambda: caught_up(contract, "whole-group", "whole-topic"))
    assert values(events(whole)) == ["stubborn"]


def test_only_reported_items_come_again(contract: Contract, send: Send, partial: Path) -> None:
    send("partial-topic", b"first", partition=1)
    first = wait_until(lambda: events(partial))[0]["records"]["partial-topic-1"][0]
    identifier = {"partition": "partial-topic-1", "offset": first["offset"] + 1}
    (partial / "answer").write_text(json.dumps({"batchItemFailures": [{"itemIdentifier": identifier}]}))
    send("partial-topic", b"second", partition=1)
    wait_until(lambda: len(events(partial)) >= 3)
    wait_until(lambda: caught_up(contract, "partial-group", "partial-topic"))

    assert values(events(partial)) == ["first", "second", "second"]


def test_a_disabled_mapping_stops_and_an_enabled_one_goes_on(contract: Contract, send: Send, whole: Path) -> None:
    contract.update(enabled=False)
    wait_until(lambda: "stopped reading whole-topic" in contract.trigger.log.read_text())
    send("whole-topic", b"later")
    time.sleep(1)
    assert events(whole) == []

    contract.update(enabled=True)
    wait_until(lambda: values(events(whole)) == ["later"])
