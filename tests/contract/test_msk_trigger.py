"""The MSK trigger from a produced record to the function and the committed offset."""

from __future__ import annotations

import base64
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from localstack.aws import client
from localstack.services.kafka import lag
from tests.contract import template
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
    assert lag(contract.kafka.access, "whole-group", "whole-topic") == 1

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


def test_an_answer_about_other_records_brings_the_whole_batch_again(
    contract: Contract, send: Send, partial: Path
) -> None:
    identifier = {"partition": "partial-topic-0", "offset": 10**6}
    (partial / "answer").write_text(json.dumps({"batchItemFailures": [{"itemIdentifier": identifier}]}))
    send("partial-topic", b"misjudged")
    wait_until(lambda: len(events(partial)) >= 2)
    wait_until(lambda: caught_up(contract, "partial-group", "partial-topic"))

    assert values(events(partial)) == ["misjudged", "misjudged"]


def test_offsets_stop_at_the_first_record_that_is_not_done(contract: Contract, send: Send, partial: Path) -> None:
    (partial / "refuse").write_text(json.dumps(["two"]))
    _hold_back(partial, send, "partial-topic", b"held")
    for value in (b"one", b"two", b"three"):
        send("partial-topic", value)
    (partial / "fail").unlink()
    wait_until(lambda: values(events(partial)).count("two") >= 2)
    assert lag(contract.kafka.access, "partial-group", "partial-topic") == 2

    (partial / "refuse").unlink()
    wait_until(lambda: caught_up(contract, "partial-group", "partial-topic"))
    delivered = values(events(partial))
    assert delivered[:4] == ["held", "one", "two", "three"]
    assert set(delivered[4:]) == {"two"}


def test_records_without_attempts_left_go_to_the_queue(contract: Contract, send: Send, limited: Path) -> None:
    (limited / "refuse").write_text(json.dumps(["hopeless"]))
    send("limited-topic", b"hopeless")
    wait_until(lambda: events(limited))
    send("limited-topic", b"after it")
    wait_until(lambda: values(events(limited)) == ["hopeless", "hopeless", "after it"])
    wait_until(lambda: caught_up(contract, "limited-group", "limited-topic"))

    queues = client("sqs", contract.emulator.url)
    url = queues.get_queue_url(QueueName=template.QUEUE)["QueueUrl"]
    (received,) = queues.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    message = json.loads(received["Body"])
    request, batch = message["requestContext"], message["KafkaBatchInfo"]
    assert request["functionArn"].endswith(f":function:{template.PREFIX}limited")
    assert (request["condition"], request["approximateInvokeCount"]) == ("RetriesExhausted", 2)
    assert (batch["topic"], batch["partition"], batch["batchSize"]) == ("limited-topic", 0, 1)
    (record,) = events(limited)[0]["records"]["limited-topic-0"]
    assert batch["startOffset"] == batch["endOffset"] == record["offset"]
    assert batch["eventSourceArn"] == template.CLUSTER_ARN
    assert batch["bootstrapServers"] == contract.kafka.bootstrap


def test_the_lag_of_a_failing_function_is_seen(contract: Contract, send: Send, whole: Path) -> None:
    wait_until(lambda: caught_up(contract, "whole-group", "whole-topic"))
    _hold_back(whole, send, "whole-topic", b"first")
    send("whole-topic", b"second")
    send("whole-topic", b"other", partition=1)
    began = datetime.now(UTC)
    wait_until(lambda: _measured(contract, "SumOffsetLag", "Minimum", since=began) == 3)
    assert _measured(contract, "MaxOffsetLag", "Minimum", since=began) == 2

    (whole / "fail").unlink()
    wait_until(lambda: _measured(contract, "SumOffsetLag", "Minimum", since=began) == 0)


def _hold_back(folder: Path, send: Send, topic: str, value: bytes) -> None:
    """Let the function fail until it is told otherwise, so that what is sent meanwhile comes together afterwards."""
    (folder / "fail").touch()
    send(topic, value)
    wait_until(lambda: events(folder, "failed"))


def _measured(contract: Contract, name: str, statistic: Any, *, since: datetime) -> float | None:
    dimensions = {"Cluster Name": "contract", "Consumer Group": "whole-group", "Topic": "whole-topic"}
    answer = client("cloudwatch", contract.emulator.url).get_metric_statistics(
        Namespace="AWS/Kafka",
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=since,
        EndTime=datetime.now(UTC) + timedelta(seconds=1),
        Period=10**9,
        Statistics=[statistic],
    )
    found: list[Any] = answer["Datapoints"]
    return float(found[0][statistic]) if found else None


def test_a_disabled_mapping_stops_and_an_enabled_one_goes_on(contract: Contract, send: Send, whole: Path) -> None:
    contract.update(enabled=False)
    wait_until(lambda: "stopped reading whole-topic" in contract.trigger.log.read_text())
    send("whole-topic", b"later")
    time.sleep(1)
    assert events(whole) == []

    contract.update(enabled=True)
    wait_until(lambda: values(events(whole)) == ["later"])
