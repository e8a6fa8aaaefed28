"""One fault for every failpoint, each side of it, and each way to break there."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from kafka import KafkaConsumer, OffsetAndMetadata, TopicPartition

from tests.faults.oldness import (
    make_old_jobs,
    make_old_trails,
    wait_until_old_jobs_are_gone,
    wait_until_trails_are_cut,
)
from tests.faults.scene import Fault, Scene
from tests.faults.trigger import MAPPINGS
from tests.faults.workload import HOPELESS, QUICK, REFUSED, REGRETTED, USUAL
from tests.integration.topics import LANES, TOPICS, TopicReader

GROUP = "failpoint"
# A hang ends with the function's time, as on Lambda; only the trigger, which is AWS's, has none.
ACTIONS = {"crash": "crash", "error": "error", "hang": "hang 30", "delay": "delay 1"}
TRIGGER_HANG = "hang 4"
SIDES = ("before", "after")


def play_usual(scene: Scene) -> None:
    """Submit jobs of every kind with the failpoint armed."""
    scene.arm()
    scene.workload.submit(USUAL)


def play_cancelling(scene: Scene) -> None:
    """Cancel jobs that rest between two attempts."""
    scene.workload.submit([REGRETTED, QUICK])
    scene.arm()
    scene.workload.cancel_resting()


def play_replaying(scene: Scene) -> None:
    """Replay every dead letter; they die again."""
    _make_dead(scene)
    for tenant in scene.tenants:
        tenant.api.call("replay", "POST", "/admin/dlq/replay", {})


def play_discarding(scene: Scene) -> None:
    """Discard every dead letter."""
    _make_dead(scene)
    for tenant in scene.tenants:
        tenant.api.call("replay", "POST", "/admin/dlq/discard", {})


def play_losing_events(scene: Scene) -> None:
    """Let Kafka forget events that it had acknowledged: both groups skip what was submitted meanwhile."""
    scene.lab.trigger.pause()
    scene.workload.submit([QUICK, HOPELESS, QUICK])
    scene.arm()
    scene.strike()
    skip_to_the_end(scene)
    scene.lab.trigger.resume()


def play_removing_jobs(scene: Scene) -> None:
    """Let jobs that ended long ago be removed while others are submitted."""
    with make_old_jobs(scene):
        scene.arm()
    scene.workload.submit([QUICK, HOPELESS])
    wait_until_old_jobs_are_gone(scene)


def play_cutting_trails(scene: Scene) -> None:
    """Let trails be cut behind old seals while jobs of every kind add to them."""
    with make_old_trails(scene):
        scene.arm()
    scene.workload.submit(USUAL)
    wait_until_trails_are_cut(scene)


def _make_dead(scene: Scene) -> None:
    scene.workload.submit([HOPELESS, REFUSED, QUICK])
    scene.wait_until_done(seconds=30)
    scene.arm()


def skip_to_the_end(scene: Scene) -> None:
    """Move the offsets of all consumer groups to the end of their topics."""
    reader = TopicReader(scene.lab.kafka.access)
    ends = {TopicPartition(topic, number): 0 for topic in LANES for number in range(TOPICS[topic])}
    for record in reader.read(*LANES):
        ends[TopicPartition(record.topic, record.partition)] = record.offset + 1
    for mapping in MAPPINGS:
        ours = {partition: end for partition, end in ends.items() if partition.topic == mapping["topic"]}
        consumer = KafkaConsumer(
            **scene.lab.kafka.access.options, group_id=str(mapping["group"]), enable_auto_commit=False
        )
        try:
            consumer.assign(list(ours))
            consumer.commit({partition: OffsetAndMetadata(end, "", -1) for partition, end in ours.items()})
        finally:
            consumer.close()


@dataclass(frozen=True, kw_only=True)
class Point:
    """A failpoint of one function. also: what else must break for it to be reached."""

    function: str
    name: str
    play: Callable[[Scene], None] = play_usual
    also: Mapping[str, str] = field(default_factory=dict)


def _points() -> Iterator[Point]:
    for name in ("insert", "produce", "outbox-delete", "submit-quota"):
        yield Point(function="submit", name=name)
    yield Point(function="submit", name="move", play=play_cancelling)
    for name in (
        *("deduplication", "claim", "extend", "handler", "webhook"),
        *("move", "produce", "outbox-delete", "done-marks", "metrics"),
    ):
        yield Point(function="process", name=name)
    for name in ("classification-cache", "classification", "produce", "outbox-delete"):
        yield Point(function="classify", name=name)
    for name in ("publish-due", "produce"):
        yield Point(function="relay", name=name)
    yield Point(function="relay", name="move", also={"process.handler.before": "crash"})
    yield Point(function="relay", name="rescue-stranded", play=play_losing_events)
    yield Point(function="relay", name="remove-jobs", play=play_removing_jobs)
    yield Point(function="relay", name="cut-trails", play=play_cutting_trails)
    for name in ("move", "produce", "outbox-delete"):
        yield Point(function="replay", name=name, play=play_replaying)
    yield Point(function="replay", name="discard", play=play_discarding)
    yield Point(function="trigger", name="offset-commit")


POINTS = tuple(_points())


def failpoint_faults() -> list[Fault]:
    """Return a fault for every point, side and action."""
    return [
        Fault(
            name=f"{point.function}.{point.name}.{side}:{action}",
            group=GROUP,
            tells=f"{action} {side} {point.name} in {point.function}",
            play=point.play,
            orders={
                **point.also,
                f"{point.function}.{point.name}.{side}": TRIGGER_HANG
                if point.function == "trigger" and action == "hang"
                else order,
            },
        )
        for point in POINTS
        for side in SIDES
        for action, order in ACTIONS.items()
    ]
