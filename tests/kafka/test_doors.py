"""Who may come in: nobody without TLS and the password, and nobody is talked to whose authority is not known.

Whatever is wrong with the door, a job is accepted, waits in the outbox, and runs once the door is open again.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from localstack.certificates import make_certificates
from localstack.kafka_client import KafkaAccess
from smartqueue.broker import Broker, connect_broker
from smartqueue.settings import KafkaSettings
from tests.integration.harness import Plane


def broker_of(plane: Plane) -> Broker:
    return connect_broker(KafkaSettings.from_environment(plane.environment("submit")))


def login_of(plane: Plane) -> dict[str, str]:
    return dict(plane.secrets()[plane.secret_name("kafka")])


def open_again(plane: Plane) -> None:
    """Let the rest after a failure be over: the environments are the same ones."""
    broker_of(plane)._resting_until = 0.0
    plane.make_due()


def give_a_wrong_password(plane: Plane, folder: Path) -> None:
    plane.change_secret("kafka", {**login_of(plane), "password": "wrong"})


def give_another_user(plane: Plane, folder: Path) -> None:
    plane.change_secret("kafka", {**login_of(plane), "username": "nobody"})


def give_no_login(plane: Plane, folder: Path) -> None:
    plane.configure(KAFKA_SECRET_ID=plane.secret_name("not-there"))


def trust_another_authority(plane: Plane, folder: Path) -> None:
    _, authority = make_certificates(folder, "localhost")
    plane.configure(KAFKA_CA_FILE=str(authority))


def trust_the_systems_authorities(plane: Plane, folder: Path) -> None:
    plane.configure(KAFKA_CA_FILE="")


def name_authorities_that_are_not_there(plane: Plane, folder: Path) -> None:
    plane.configure(KAFKA_CA_FILE=str(folder / "nothing.pem"))


def come_without_tls(plane: Plane, folder: Path) -> None:
    plane.configure(KAFKA_SECURITY="PLAINTEXT")


@pytest.mark.parametrize(
    "spoil",
    [
        give_a_wrong_password,
        give_another_user,
        give_no_login,
        trust_another_authority,
        trust_the_systems_authorities,
        name_authorities_that_are_not_there,
        come_without_tls,
    ],
)
def test_behind_a_closed_door_jobs_wait_in_the_outbox_and_run_when_it_opens(
    plane: Plane, tmp_path: Path, spoil: Callable[[Plane, Path], None]
) -> None:
    token = plane.admin()
    plane.freshen()
    spoil(plane, tmp_path)
    try:
        job = plane.simulate(token)
        assert broker_of(plane).is_resting, "Kafka counts as away, so that the next requests do not wait"
        assert [row["topic"] for row in plane.rows("SELECT topic FROM outbox")] == ["job-events"]
        open_again(plane)
        assert plane.look() == 0
        rows = plane.rows("SELECT publish_attempts FROM outbox")
        assert rows == [{"publish_attempts": 0}], "no message is blamed for a door that is closed"
    finally:
        if plane.extra:
            plane.reset()
        plane.change_secret("kafka", login_of(plane))

    # After a changed password the very same environments go on.
    open_again(plane)
    plane.drive()
    assert plane.job(job)["status"] == "COMPLETED"
    assert plane.job(job)["attempt"] == 1
    assert plane.rows("SELECT * FROM outbox") == []


def test_clients_of_other_programs_are_refused_too(plane: Plane, tmp_path: Path) -> None:
    good = plane.kafka.access
    _, stranger = make_certificates(tmp_path, "localhost")
    for bad in (
        KafkaAccess(good.bootstrap),
        replace(good, password="wrong"),
        replace(good, ca_file=str(stranger)),
    ):
        with pytest.raises(KafkaError):
            KafkaAdminClient(**bad.options, bootstrap_timeout_ms=1_500).list_topics()
    admin = KafkaAdminClient(**good.options, bootstrap_timeout_ms=10_000)
    assert {"job-events", "job-results", "job-dlq"} <= set(admin.list_topics())
    admin.close()


def test_a_topic_that_nobody_made_is_not_made_by_asking_for_it(plane: Plane) -> None:
    consumer = KafkaConsumer(**plane.kafka.access.options)
    try:
        consumer.assign([TopicPartition("no-such-topic", 0)])
        consumer.poll(timeout_ms=300)
    finally:
        consumer.close()
    admin = KafkaAdminClient(**plane.kafka.access.options)
    assert "no-such-topic" not in admin.list_topics()
    admin.close()
