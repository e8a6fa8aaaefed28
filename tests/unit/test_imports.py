"""What a cold start loads: nothing heavy on a path that does not need it. Time itself is for bench/cold_start."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.faults.runtime.server import AwsServer
from tests.integration.wiring import Wiring

# The first modules of what costs a cold start tens of milliseconds each.
DATABASE, CACHE, KAFKA, TOKENS, AWS = "psycopg", "redis.client", "kafka.producer", "jwt", "botocore.session"
ROUTES, MODELS, PASSWORDS, HTTP = "aws_lambda_powertools.event_handler", "pydantic", "argon2", "httpx2"
METRICS, REMOTE_WRITE, AI = "prometheus_client", "google.protobuf", "openai"
# What libraries load besides when they are imported as a whole, and what none of our functions has a use for.
NEVER = {
    *("kafka.consumer", "kafka.admin", "redis.asyncio.client", "redis.cluster", "psycopg_pool", "pydantic.v1"),
    *("boto3", "aws_lambda_powertools.utilities.parameters", "aws_xray_sdk", "aws_cdk"),
}
HEAVY = {
    *(DATABASE, CACHE, KAFKA, TOKENS, AWS, ROUTES, MODELS, PASSWORDS, HTTP, METRICS, REMOTE_WRITE, AI),
    *NEVER,
}
# By function: what importing its handler loads, and what its first use adds. The model of classify is no first use:
# test_the_model_is_loaded_when_it_is_asked.
NEEDED: dict[str, tuple[set[str], set[str]]] = {
    "auth": ({MODELS, ROUTES, DATABASE, CACHE, PASSWORDS, TOKENS}, {AWS}),
    "authorizer": ({MODELS}, {AWS, TOKENS}),
    "submit": ({MODELS, ROUTES, DATABASE, CACHE}, {AWS, TOKENS, KAFKA}),
    "query": ({MODELS, ROUTES, DATABASE}, {AWS, TOKENS}),
    "replay": ({MODELS, ROUTES, DATABASE, CACHE}, {AWS, TOKENS, KAFKA}),
    "process": ({MODELS, DATABASE, CACHE}, {AWS, KAFKA}),
    "classify": ({MODELS, DATABASE, CACHE}, {AWS, KAFKA}),
    "relay": ({MODELS, DATABASE, CACHE}, {AWS, KAFKA}),
    "metrics": ({MODELS, ROUTES, DATABASE, CACHE, METRICS}, {AWS}),
    "docs": ({MODELS, ROUTES}, set()),
    "migrate": ({MODELS, DATABASE, HTTP}, {AWS}),
    "rotate": ({MODELS, DATABASE, TOKENS}, {AWS}),
    "seal": ({MODELS, DATABASE, CACHE}, {AWS}),
    "export": ({MODELS, HTTP, METRICS, REMOTE_WRITE}, set()),
}
FIRST_USE = """
import contextlib, importlib, json, os, sys
from tests.first_use import first_clients

handler = importlib.import_module(f"functions.{sys.argv[1]}.handler")
imported = sorted(sys.modules)
for make in first_clients(handler):
    # Postgres and Valkey are away.
    with contextlib.suppress(Exception):
        make()
print(json.dumps([imported, sorted(sys.modules)]), flush=True)
os._exit(0)
"""
ASKING = """
import sys
from types import SimpleNamespace
from functions.classify.cache import ClassificationCache
from functions.classify.circuit import Circuit
from functions.classify.classification import Classification
from functions.classify.model import TicketModel
from functions.classify.policy import Ticket, TicketClassifier

known = Classification(
    category="Network", priority="LOW", confidence_score=0.9, recommended_action="Look.", source="AI"
)
class Cache(ClassificationCache):
    def load(self, keys):
        return {key: known for key in keys} if sys.argv[1] == "known" else {}
    def save(self, classifications):
        pass
circuit = Circuit(SimpleNamespace())
circuit._tripped, circuit._resting_until = sys.argv[1] == "resting", float("inf")
classifier = TicketClassifier(
    TicketModel("key", "model", "http://127.0.0.1:9/v1", 5.0), Cache(SimpleNamespace(), circuit), lambda *_: known
)
ticket = Ticket(job_id="1", tenant_id="t", title="down", description="down", correlation_id="1")
classifier.classify_batch([ticket], 20.0)
print("openai" in sys.modules)
"""


@pytest.fixture(scope="module")
def variables() -> Iterator[dict[str, str]]:
    """What functions are told where Postgres, Valkey and Kafka are away and Secrets Manager answers."""
    away = SimpleNamespace(
        host="127.0.0.1",
        port=9,
        database="none",
        user="nobody",
        password="none",
        bootstrap="127.0.0.1:9",
        access=SimpleNamespace(security="PLAINTEXT", ca_file="", username="nobody", password="none"),
    )
    wiring = Wiring(postgres=cast("Any", away), valkey=cast("Any", away), kafka=cast("Any", away))
    with AwsServer() as aws:
        aws.secrets = wiring.secrets()
        yield {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(sys.path),
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_ENDPOINT_URL": aws.endpoint,
            "METRICS_URL": "http://127.0.0.1:9",
            "REMOTE_WRITE_URL": "http://127.0.0.1:9",
            **wiring.environment("submit"),
        }


def run(code: str, *arguments: str, variables: dict[str, str]) -> str:
    finished = subprocess.run(
        [sys.executable, "-c", code, *arguments], env=variables, capture_output=True, check=True, text=True, timeout=60
    )
    return finished.stdout


@pytest.mark.parametrize("function", NEEDED)
def test_a_cold_start_loads_only_what_its_function_needs(function: str, variables: dict[str, str]) -> None:
    imported, used = (set(names) & HEAVY for names in json.loads(run(FIRST_USE, function, variables=variables)))
    at_import, at_first_use = NEEDED[function]
    assert imported == at_import
    assert used - imported == at_first_use


@pytest.mark.parametrize(("circumstance", "asked"), [("known", False), ("resting", False), ("unknown", True)])
def test_the_model_is_loaded_when_it_is_asked(circumstance: str, *, asked: bool, variables: dict[str, str]) -> None:
    assert run(ASKING, circumstance, variables=variables).strip() == str(asked)
