"""Jobs flow through Apache Kafka while it restarts, dies and grows: none is lost, and none runs twice."""

import time
from collections.abc import Iterator

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import NewPartitions

from localstack.services.kafka import lag, partition_lags, quiet_client_logs
from tests.faults.lab import Lab
from tests.faults.run import Bench
from tests.faults.scene import Fault, Scene
from tests.faults.services import jobs_flowing, service_faults
from tests.faults.workload import QUICK

GROUPS = ("job-processor", "job-classifier")
TOPIC = "job-events"
PARTITIONS = 6
# The trigger looks for new partitions every three seconds.
PICK_UP_SECONDS = 30.0
QUICK_JOBS = 12

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <s:ResourceWarning")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    quiet_client_logs()
    with Lab(tmp_path_factory.mktemp("lab")) as running:
        yield running


@pytest.fixture(scope="module")
def bench(lab: Lab) -> Bench:
    return Bench(lab)


def committed(lab: Lab, group: str) -> dict[int, int]:
    """The group's offsets by partition."""
    consumer = KafkaConsumer(**lab.kafka.access.options, group_id=group, enable_auto_commit=False)
    try:
        numbers = consumer.partitions_for_topic(TOPIC) or set()
        return {number: consumer.committed(TopicPartition(TOPIC, number)) or 0 for number in numbers}
    finally:
        consumer.close()


def wait_for_the_groups(lab: Lab) -> None:
    """Wait until every record is committed."""
    deadline = time.monotonic() + PICK_UP_SECONDS
    while sum(lag(lab.kafka.access, group, TOPIC) for group in GROUPS):
        assert time.monotonic() < deadline, [partition_lags(lab.kafka.access, group, TOPIC) for group in GROUPS]
        time.sleep(0.1)


@pytest.mark.parametrize("name", ["kafka-restarted", "kafka-killed", "kafka-frozen"])
def test_nothing_is_lost_or_run_twice_when_the_broker_goes_and_comes_back(bench: Bench, name: str) -> None:
    [fault] = [fault for fault in service_faults() if fault.name == name]
    result = bench.run(fault, seed=1)
    assert result.violations == []
    assert (result.lost, result.repeated_effects) == (0, 0)
    assert result.jobs > 0


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_committed_offsets_survive(lab: Lab, end: str) -> None:
    wait_for_the_groups(lab)
    before = {group: committed(lab, group) for group in GROUPS}
    assert sum(before["job-processor"].values()) > 0
    getattr(lab.kafka, end)()
    lab.kafka.start()
    assert {group: committed(lab, group) for group in GROUPS} == before


def test_partitions_that_are_added_while_jobs_flow_are_picked_up(lab: Lab, bench: Bench) -> None:
    def grow(scene: Scene) -> None:
        admin = KafkaAdminClient(**lab.kafka.access.options)
        with jobs_flowing(scene):
            admin.create_partitions({TOPIC: NewPartitions(PARTITIONS)})
        admin.close()
        # A tenant with much to do yet would get the other lane.
        scene.wait_until_done(seconds=PICK_UP_SECONDS)
        # Producers look for new partitions every five minutes; new execution environments see them at once.
        lab.pool.kill("submit")
        scene.workload.submit([QUICK], rounds=QUICK_JOBS, pause_seconds=0.2)

    result = bench.run(Fault(name="grown", group="kafka", tells="3 partitions become 6", play=grow), seed=1)
    assert result.violations == []
    assert (result.lost, result.repeated_effects) == (0, 0)
    wait_for_the_groups(lab)
    for group in GROUPS:
        offsets = committed(lab, group)
        assert set(offsets) == set(range(PARTITIONS))
        assert sum(offset for number, offset in offsets.items() if number >= 3) > 0, offsets


def test_after_all_that_every_job_is_still_as_it_was(bench: Bench) -> None:
    assert bench.look_again() == []
