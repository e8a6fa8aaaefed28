"""The exporter as a whole: what it writes when all is well, and when it is not."""

import json
from collections.abc import Iterator
from types import SimpleNamespace

import boto3
import cramjam
import httpx2
import pytest
from moto import mock_aws

import functions.export.handler
from functions.export.handler import lambda_handler
from functions.export.messages import WriteRequest
from functions.export.remote_write import RemoteWriteError
from functions.export.scrape import ScrapeError
from functions.export.settings import Settings
from smartqueue.secrets import forget_secrets

SETTINGS = Settings(
    stage="test",
    metrics_url="https://api.example.com/v1/metrics",
    metrics_secret_id="smartqueue/test/metrics-credential",
    remote_write_url="https://prometheus.example.com/api/v1/remote_write",
)


class Context:
    aws_request_id = "request-1"


class Internet:
    """The API and the workspace, which answer as they are told."""

    def __init__(self) -> None:
        self.metrics = httpx2.Response(200, text="jobs_created_total 3\n")
        self.workspace = httpx2.Response(200)
        self.written: list[dict[str, float]] = []

    def handle(self, request: httpx2.Request) -> httpx2.Response:
        if request.url == SETTINGS.metrics_url:
            assert request.headers["Authorization"] == "Bearer s3cret"
            return self.metrics
        assert request.url == SETTINGS.remote_write_url
        sent = WriteRequest.FromString(bytes(cramjam.snappy.decompress_raw(request.content)))
        self.written.append(
            {label.value: series.samples[0].value for series in sent.timeseries for label in series.labels[:1]}
        )
        return self.workspace


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch) -> Iterator[Internet]:
    made = Internet()
    client = httpx2.Client
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr(functions.export.handler, "environment", SimpleNamespace(settings=SETTINGS))
    transport = httpx2.MockTransport(made.handle)
    monkeypatch.setattr(httpx2, "Client", lambda **options: client(transport=transport, **options))
    functions.export.handler.writer.cache_clear()
    with mock_aws() as account:
        # Another suite's may still be open around it, and then it is the same one.
        account.reset()
        forget_secrets()
        boto3.client("secretsmanager").create_secret(
            Name=SETTINGS.metrics_secret_id, SecretString=json.dumps({"token": "s3cret"})
        )
        yield made
    forget_secrets()
    functions.export.handler.writer.cache_clear()


def test_what_was_scraped_is_written(internet: Internet) -> None:
    assert lambda_handler({}, Context()) == {"series": 3}
    [written] = internet.written
    assert written.pop("scrape_duration_seconds") > 0
    assert written == {"jobs_created_total": 3, "up": 1}


def test_a_failed_scrape_is_written_down_and_then_an_error(internet: Internet) -> None:
    internet.metrics = httpx2.Response(503, text="The counters cannot be read just now.")
    with pytest.raises(ScrapeError, match="counters cannot be read"):
        lambda_handler({}, Context())
    [written] = internet.written
    assert written.pop("scrape_duration_seconds") > 0
    assert written == {"up": 0}


def test_a_refused_write_is_an_error(internet: Internet) -> None:
    internet.workspace = httpx2.Response(403, text="not authorized to perform: aps:RemoteWrite")
    with pytest.raises(RemoteWriteError, match="aps:RemoteWrite"):
        lambda_handler({}, Context())
