"""One emulator, one broker and the MSK trigger for the whole folder, with a small stack deployed."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from kafka import KafkaProducer

from localstack.aws import client
from localstack.network import free_port
from localstack.paths import ROOT
from localstack.process import ManagedProcess, clean_environment
from localstack.services import Emulator
from localstack.services.kafka import quiet_client_logs
from tests.brokers import make_broker
from tests.contract import template
from tests.contract.support import Contract, Send

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session", autouse=True)
def contract(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Contract]:
    home = tmp_path_factory.mktemp("contract")
    folder = home / "functions"
    for name in ("whole", "partial", "limited", "tick"):
        (folder / name).mkdir(parents=True)
    kafka = make_broker(data=home / "kafka")
    emulator = Emulator(data=home / "emulator", port=free_port(), kafka_bootstrap=kafka.bootstrap)
    trigger = ManagedProcess(name="trigger", record=home / "trigger.json", log=home / "trigger.log")
    with kafka, emulator:
        kafka.create_topics(dict.fromkeys(template.MAPPINGS.values(), 2))
        _deploy(emulator, folder)
        trigger.spawn(
            [
                *(sys.executable, "-m", "localstack.trigger", "--endpoint", emulator.url),
                *("--bootstrap", kafka.bootstrap, "--locks", str(home / "locks")),
                *("--lag-seconds", "1"),
            ],
            environment=clean_environment(**kafka.access.variables),
            folder=ROOT,
        )
        try:
            yield Contract(emulator, kafka, folder, trigger, time.monotonic())
        finally:
            trigger.stop()


def _deploy(emulator: Emulator, folder: Path) -> None:
    bucket: Any = client("s3", emulator.url)
    bucket.create_bucket(Bucket=template.BUCKET)
    bucket.put_object(Bucket=template.BUCKET, Key="code.zip", Body=template.code_zip())
    bucket.put_object(Bucket=template.BUCKET, Key="layer.zip", Body=template.layer_zip())
    cloudformation = client("cloudformation", emulator.url)
    cloudformation.create_stack(
        StackName=template.STACK,
        TemplateBody=json.dumps(template.template(folder)),
        Parameters=[{"ParameterKey": "Host", "ParameterValue": "db.local"}],
    )
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=template.STACK, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )


@pytest.fixture
def send(contract: Contract) -> Iterator[Send]:
    quiet_client_logs()
    producer = KafkaProducer(**contract.kafka.access.options, acks="all", enable_idempotence=False)

    def send_one(topic: str, value: bytes | None, *, key: bytes | None = None, partition: int = 0) -> None:
        headers = [("correlation-id", b"c-1"), ("empty", b"")]
        producer.send(topic, value=value, key=key, partition=partition, headers=headers).get(10)

    yield send_one
    producer.close()


@pytest.fixture
def whole(contract: Contract) -> Iterator[Path]:
    yield from _emptied(contract.folder / "whole")


@pytest.fixture
def partial(contract: Contract) -> Iterator[Path]:
    yield from _emptied(contract.folder / "partial")


@pytest.fixture
def limited(contract: Contract) -> Iterator[Path]:
    yield from _emptied(contract.folder / "limited")


def _emptied(folder: Path) -> Iterator[Path]:
    for file in folder.iterdir():
        file.unlink()
    yield folder
    for order in ("fail", "refuse"):
        (folder / order).unlink(missing_ok=True)
