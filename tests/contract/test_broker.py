"""What the project relies on in a Kafka broker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition

from localstack.network import free_port
from localstack.services import Kafka
from localstack.services.kafka import lag, quiet_client_logs
from tests.brokers import Broker, is_apache, make_broker

TOPIC = "things"
PARTITIONS = [TopicPartition(TOPIC, number) for number in range(3)]


@pytest.fixture(params=["apache"] if is_apache() else ["durable", "memory"])
def broker(request: pytest.FixtureRequest, tmp_path: Any) -> Iterator[Broker]:
    quiet_client_logs()
    in_memory = request.param == "memory"
    made = Kafka(data=tmp_path, port=free_port(), durable=False) if in_memory else make_broker(data=tmp_path)
    with made as kafka:
        kafka.create_topics({TOPIC: 3})
        yield kafka


def produce(broker: Broker, count: int) -> None:
    producer = KafkaProducer(**broker.access.options, acks="all", enable_idempotence=False)
    for number in range(count):
        producer.send(
            TOPIC, key=b"key", value=str(number).encode(), headers=[("correlation-id", b"c-1")], partition=number % 3
        )
    producer.send(TOPIC, key=None, value=b"no key", partition=0)
    producer.flush(10)
    producer.close()


def read(broker: Broker, count: int, *, group: str = "readers") -> tuple[Any, list[Any]]:
    consumer = KafkaConsumer(**broker.access.options, group_id=group, enable_auto_commit=False, fetch_max_wait_ms=50)
    consumer.assign(PARTITIONS)
    for partition in PARTITIONS:
        consumer.seek(partition, consumer.committed(partition) or 0)
    records: list[Any] = []
    for _ in range(50):
        for batch in consumer.poll(timeout_ms=200).values():
            records.extend(batch)
        if len(records) >= count:
            break
    return consumer, records


def commit(consumer: Any, records: list[Any]) -> None:
    consumer.commit(
        {TopicPartition(TOPIC, record.partition): OffsetAndMetadata(record.offset + 1, "", -1) for record in records}
    )


def test_keys_headers_and_order_within_a_partition(broker: Broker) -> None:
    produce(broker, 9)
    consumer, records = read(broker, 10)
    consumer.close()

    first = [record for record in records if record.partition == 0]
    assert [record.value for record in first] == [b"0", b"3", b"6", b"no key"]
    assert [record.offset for record in first] == [0, 1, 2, 3]
    assert first[0].key == b"key"
    assert [(name, bytes(value)) for name, value in first[0].headers] == [("correlation-id", b"c-1")]
    assert first[3].key is None


def test_a_group_goes_on_where_it_committed(broker: Broker) -> None:
    produce(broker, 9)
    assert lag(broker.access, "readers", TOPIC) == 10
    consumer, records = read(broker, 10)
    commit(consumer, records)
    consumer.close()
    assert lag(broker.access, "readers", TOPIC) == 0

    produce(broker, 3)
    assert lag(broker.access, "readers", TOPIC) == 4
    consumer, records = read(broker, 4)
    consumer.close()
    assert len(records) == 4
    consumer, others = read(broker, 14, group="others")
    consumer.close()
    assert len(others) == 14


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_records_and_offsets_survive_a_restart(tmp_path: Any, end: str) -> None:
    quiet_client_logs()
    with make_broker(data=tmp_path) as broker:
        broker.create_topics({TOPIC: 3})
        produce(broker, 9)
        consumer, records = read(broker, 10)
        commit(consumer, records)
        consumer.close()

        getattr(broker, end)()
        assert not broker.is_running()
        broker.start()

        produce(broker, 3)
        consumer, records = read(broker, 4)
        consumer.close()
        assert sorted(record.offset for record in records) == [3, 3, 4, 5]
