"""Calls what functions call of trimmed libraries, in a process that sees the layer, a package and nothing else.

Started with `-I -S`. Arguments: the layer's `python` folder, the package of classify, a model's address. Prints what
came of it as JSON.
"""

import asyncio
import importlib
import json
import sys
from typing import Any, get_args


def main(layer: str, package: str, model_url: str) -> None:
    """Make every client, read a secret, ask the model, load kafka-python and redis as a whole."""
    sys.path[:] = [package, layer, *(path for path in sys.path if "site-packages" not in path)]
    aws = importlib.import_module("smartqueue.aws")
    secrets = importlib.import_module("smartqueue.secrets")
    report: dict[str, Any] = {
        "clients": sorted(aws.aws_client(service).meta.service_model.service_name for service in get_args(aws.Service)),
        "secret": secrets.read_secret("name"),
        "category": asyncio.run(ask(model_url)),
    }
    importlib.import_module("smartqueue.kafka_client")
    importlib.import_module("smartqueue.cache")
    kafka, redis = importlib.import_module("kafka"), importlib.import_module("redis")
    report["whole"] = callable(kafka.KafkaConsumer) and callable(redis.RedisCluster)
    print(json.dumps(report))  # noqa: T201 - the answer


async def ask(model_url: str) -> str:
    """Return the category that the model gives to a ticket about a network."""
    model = importlib.import_module("functions.classify.model").TicketModel("key", "model", model_url, 30.0)
    async with model:
        verdict = await model.classify("vpn is down", "no route to host", budget_seconds=30.0, correlation_id="1")
    category: str = verdict.category
    return category


if __name__ == "__main__":
    main(*sys.argv[1:])
