"""The embedded servers, each usable on its own: `with Postgres(data=folder, port=free_port()) as database: ...`."""

from localstack.services.base import Service
from localstack.services.emulator import Emulator
from localstack.services.kafka import Kafka
from localstack.services.postgres import Postgres
from localstack.services.valkey import Valkey

__all__ = ["Emulator", "Kafka", "Postgres", "Service", "Valkey"]
