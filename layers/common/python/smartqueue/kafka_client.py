"""kafka-python's producer alone.

The whole library takes twice the CPU at a cold start, most of it for administration and consumer protocols, of which
the producer names two requests: it would tell brokers older than 0.10 apart by them.
"""

from smartqueue.lean_imports import lean

with lean(
    # The last one has a command line.
    *("kafka", "kafka.protocol.admin", "kafka.protocol.consumer", "crc32c"),
    homes={
        "crc32c": "crc32c._crc32c",
        "ListGroupsRequest": "kafka.protocol.admin.groups",
        "OffsetFetchRequest": "kafka.protocol.consumer.group",
    },
):
    from kafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError
    from kafka.producer import KafkaProducer

__all__ = ["KafkaConnectionError", "KafkaError", "KafkaProducer", "KafkaTimeoutError"]
