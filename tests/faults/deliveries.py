"""Faults of delivery: too much, too often, in the wrong order, by too many, at the wrong time."""

import base64
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from kafka import KafkaProducer

from tests.faults.failpoints import play_losing_events
from tests.faults.scene import Fault, Scene
from tests.faults.services import ROUNDS, jobs_flowing
from tests.faults.trigger import Trigger
from tests.faults.workload import HOOK, QUICK, STUBBORN, TICKET, USUAL
from tests.integration.topics import LANES, TopicReader, msk_event

GROUP = "delivery"
HOUR_SECONDS = 3600.0
POISON = 300
LAGGING_ROUNDS = 30


def play_duplicates(scene: Scene) -> None:
    """Deliver everything again while it is worked on: several workers at once, shuffled, in batches of any size."""
    reader = TopicReader(scene.lab.kafka.access)
    with jobs_flowing(scene):
        for _ in range(3):
            records = reader.read(*LANES)
            with ThreadPoolExecutor(3) as pool:
                for _ in range(3):
                    pool.submit(_deliver_shuffled, scene, list(records))


def _deliver_shuffled(scene: Scene, records: list[Any]) -> None:
    scene.chance.shuffle(records)
    while records:
        size = scene.chance.randint(1, 20)
        batch, records = records[:size], records[size:]
        for function in ("process", "classify"):
            scene.lab.pool.invoke(function, msk_event(batch))


def play_produced_again(scene: Scene) -> None:
    """Produce every event of the topic a second and a third time, in any order, hours after or before."""
    reader = TopicReader(scene.lab.kafka.access)
    producer = KafkaProducer(**scene.lab.kafka.access.options, enable_idempotence=False, acks="all")
    try:
        with jobs_flowing(scene):
            time.sleep(0.7)
            again = [record for record in reader.read(*LANES) for _ in range(2)]
            scene.chance.shuffle(again)
            for record in again:
                producer.send(record.topic, key=record.key, value=record.value, headers=list(record.headers))
            producer.flush(timeout=10)
    finally:
        producer.close(timeout=5)


def play_two_relays(scene: Scene) -> None:
    """Run three relays at once."""
    for _ in range(2):
        scene.lab.start_relay()
    try:
        with jobs_flowing(scene):
            pass
        scene.wait_until_done(seconds=30)
    finally:
        scene.lab.stop_extra_relays()


def play_two_triggers(scene: Scene) -> None:
    """Run a second trigger beside the first, in the same consumer groups."""
    lab = scene.lab
    with Trigger(lab.folder / f"trigger-{time.time_ns()}", lab.aws.endpoint, lab.kafka, lab.orders):
        time.sleep(1.5)
        with jobs_flowing(scene):
            pass
        scene.wait_until_done(seconds=30)


def play_lag(scene: Scene) -> None:
    """Let records pile up while nobody reads, then let the trigger come back."""
    scene.lab.trigger.pause()
    scene.workload.submit([QUICK, STUBBORN, HOOK, TICKET], rounds=LAGGING_ROUNDS)
    scene.strike()
    scene.lab.trigger.resume()


def play_poison(scene: Scene) -> None:
    """Flood the topic with records that nobody can read, while jobs flow; each must reach job-dlq."""
    lab = scene.lab
    marker = scene.tenant_ids[0]
    before = TopicReader(lab.kafka.access)
    before.read("job-dlq")
    producer = KafkaProducer(**lab.kafka.access.options, enable_idempotence=False, acks="all")
    try:
        with jobs_flowing(scene):
            for number in range(POISON):
                producer.send("job-events", key=f"{marker}-{number}".encode(), value=_garbage(scene, number))
            producer.flush(timeout=10)
    finally:
        producer.close(timeout=5)
    scene.wait_until_done(seconds=30)
    wanted = {f"{marker}-{number}" for number in range(POISON)}
    deadline = time.monotonic() + 20
    while wanted and time.monotonic() < deadline:
        letters = [json.loads(record.value) for record in before.read("job-dlq")]
        wanted -= {base64.b64decode(letter["keyBase64"]).decode() for letter in letters if letter.get("keyBase64")}
        time.sleep(0.1)
    scene.workload.refused += [(0, f"the poison record {key} has no letter in job-dlq") for key in sorted(wanted)[:5]]


def _garbage(scene: Scene, number: int) -> bytes:
    return (
        scene.chance.randbytes(40),
        b'{"eventType": "JOB_CREATED"}',
        b'{"eventType": "JOB_MADE_UP", "jobId": "1"}',
        b"[" * 2000,
        json.dumps({"eventType": "JOB_CREATED", "jobId": "x", "tenantId": 7, "attempt": -1}).encode(),
    )[number % 5]


def play_wrong_clocks(scene: Scene) -> None:
    """Put the processor's clock an hour ahead and the relay's and classifier's an hour back."""
    clocks = {"process": HOUR_SECONDS, "relay": -HOUR_SECONDS, "classify": -HOUR_SECONDS}
    for function, seconds in clocks.items():
        scene.lab.skew(function, seconds)
    scene.lab.pool.kill("relay")
    try:
        scene.strike()
        scene.workload.submit(USUAL, rounds=ROUNDS)
        scene.wait_until_done(seconds=30)
    finally:
        for function in clocks:
            scene.lab.skew(function, 0.0)


def play_late_events(scene: Scene) -> None:
    """Deliver the events of a job's first life after it was replayed."""
    reader = TopicReader(scene.lab.kafka.access)
    reader.read(*LANES)
    scene.workload.submit(USUAL)
    scene.wait_until_done(seconds=30)
    first_life = reader.read(*LANES)
    for tenant in scene.tenants:
        tenant.api.call("replay", "POST", "/admin/dlq/replay", {})
    scene.strike()
    threads = [threading.Thread(target=_deliver_shuffled, args=(scene, list(first_life))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def delivery_faults() -> list[Fault]:
    """Return all of them."""
    return [
        Fault(name=name, group=GROUP, tells=tells, play=play)
        for name, tells, play in (
            ("duplicates", "every record delivered again to several workers at once, shuffled", play_duplicates),
            ("produced-again", "every event produced three times, in any order", play_produced_again),
            ("late-events", "events of before a replay delivered after it", play_late_events),
            ("lost-events", "Kafka forgets events that it had acknowledged", play_losing_events),
            ("two-relays", "three relays at once", play_two_relays),
            ("two-triggers", "two triggers in the same consumer groups", play_two_triggers),
            ("lag", "everything waits in Kafka, then comes at once", play_lag),
            ("poison-flood", "300 unreadable records between the jobs", play_poison),
            ("wrong-clocks", "the workers' clocks are an hour off, each its own way", play_wrong_clocks),
        )
    ]
