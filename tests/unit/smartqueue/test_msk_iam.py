"""Logging in to MSK with IAM: what the producer really sends, checked with AWS's own signing code.

Format: https://github.com/aws/aws-msk-iam-auth (version 2020_10_22 of the payload).
"""

import gc
import json
import logging
import threading
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.auth import SIGV4_TIMESTAMP, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials
from kafka.errors import KafkaError

from localstack.certificates import make_certificates
from smartqueue.broker import Broker
from smartqueue.events import Message
from smartqueue.settings import KafkaSettings
from tests.fakes.msk_door import MskDoor

REGION = "eu-central-1"
MESSAGE = Message(id="1", topic="job-events", key="k", value="v", correlation_id="c", tenant_id="t")
WAIT_SECONDS = 20.0

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <s:ResourceWarning")


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    # Lambda sets it.
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    # What is logged keeps its errors alive, and they the sockets.
    caplog.set_level(logging.CRITICAL, "kafka")
    yield
    # kafka-python leaves the sockets of failed connections to the garbage collector.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "unclosed <s", ResourceWarning)
        gc.collect()


@pytest.fixture
def make_door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., MskDoor]:
    certificate, authority = make_certificates(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    return lambda **options: MskDoor(certificate, **options)


def broker_at(door: MskDoor) -> Broker:
    settings = KafkaSettings(kafka_bootstrap=f"localhost:{door.port}", kafka_security="AWS_MSK_IAM")
    return Broker(settings, rest_seconds=0)


def wait_for_a_second_login(door: MskDoor) -> None:
    """Wait until a connection has logged in again, which MSK would cut off otherwise."""
    deadline = time.monotonic() + WAIT_SECONDS
    while max(Counter(login.connection for login in door.logins).values(), default=0) < 2:
        assert time.monotonic() < deadline, door.logins
        time.sleep(0.02)


def signed_by_aws(payload: dict[str, str], credentials: ReadOnlyCredentials) -> dict[str, str]:
    """What AWS's SDK makes of the same request at the same moment: a presigned URL's parameters, by small names."""
    request = AWSRequest(method="GET", url=f"https://{payload['host']}/?Action={payload['action'].replace(':', '%3A')}")
    request.headers["host"] = payload["host"]
    request.context["timestamp"] = payload["x-amz-date"]
    signer: Any = SigV4QueryAuth(credentials, "kafka-cluster", REGION, expires=int(payload["x-amz-expires"]))
    signer._modify_request_before_signing(request)
    canonical = signer.canonical_request(request)
    signature = signer.signature(signer.string_to_sign(request, canonical), request)
    signer._inject_signature_to_request(request, signature)
    query = parse_qs(urlsplit(str(request.url)).query)
    return {name.lower(): value for name, [value] in query.items()}


class CredentialServer:
    """Lambda's own for SnapStart, where no keys stand in the environment: new ones each time it is asked."""

    def __init__(self, *, lifetime: timedelta) -> None:
        self._lifetime = lifetime
        self.given: list[ReadOnlyCredentials] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = json.dumps(outer.next()).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/credentials"

    def next(self) -> dict[str, str | None]:
        number = len(self.given) + 1
        made = ReadOnlyCredentials(f"ASIA{number}", f"secret-{number}", f"token/+={number}")
        self.given.append(made)
        return {
            "AccessKeyId": made.access_key,
            "SecretAccessKey": made.secret_key,
            "Token": made.token,
            "Expiration": (datetime.now(UTC) + self._lifetime).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }

    def __enter__(self) -> "CredentialServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.mark.parametrize("token", ["", "a/session+token=="], ids=["long-lived", "temporary"])
def test_the_payload_is_what_aws_itself_would_sign(
    make_door: Callable[..., MskDoor], monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    credentials = ReadOnlyCredentials("AKIAEXAMPLE", "a+secret/key", token or None)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a+secret/key")
    if token:
        monkeypatch.setenv("AWS_SESSION_TOKEN", token)
    with make_door() as door:
        broker = broker_at(door)
        assert broker.publish([MESSAGE]) == []
        broker.close()
    [login, *_] = door.logins
    assert login.mechanism == "AWS_MSK_IAM"
    payload = dict(login.payload)
    expected = signed_by_aws(payload, credentials)
    assert payload.pop("version") == "2020_10_22"
    assert payload.pop("host") == "localhost"
    assert payload.pop("user-agent")
    assert payload == expected
    assert payload["action"] == "kafka-cluster:Connect"
    assert payload["x-amz-signedheaders"] == "host"
    signed_at = datetime.strptime(payload["x-amz-date"], SIGV4_TIMESTAMP).replace(tzinfo=UTC)
    assert abs(datetime.now(UTC) - signed_at) < timedelta(minutes=1)
    assert int(payload["x-amz-expires"]) <= 900


def test_another_secret_makes_another_signature(
    make_door: Callable[..., MskDoor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "one")
    with make_door() as door:
        broker = broker_at(door)
        broker.publish([MESSAGE])
        broker.close()
    payload = door.logins[0].payload
    other = signed_by_aws(payload, ReadOnlyCredentials("AKIAEXAMPLE", "another", None))
    assert payload["x-amz-signature"] != other["x-amz-signature"]


@pytest.fixture
def credential_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[CredentialServer]:
    with CredentialServer(lifetime=timedelta(hours=1)) as server:
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", server.url)
        monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "a-token")
        yield server


def check_signatures(door: MskDoor, server: CredentialServer) -> None:
    """Every login was signed with credentials of its own, and all that belongs to them."""
    given = {credentials.access_key: credentials for credentials in server.given}
    for login in door.logins:
        credentials = given.pop(login.payload["x-amz-credential"].partition("/")[0])
        assert login.payload["x-amz-security-token"] == credentials.token
        assert login.payload["x-amz-signature"] == signed_by_aws(login.payload, credentials)["x-amz-signature"]


def test_a_new_connection_is_signed_with_the_credentials_of_that_moment(
    make_door: Callable[..., MskDoor], credential_server: CredentialServer
) -> None:
    with make_door() as door:
        broker = broker_at(door)
        broker.publish([MESSAGE])
        door.hang_up()
        before = len(door.logins)
        broker.publish([MESSAGE])
        broker.close()
    assert 1 <= before < len(door.logins)
    check_signatures(door, credential_server)


def test_a_connection_that_outlives_its_login_logs_in_again_with_new_credentials(
    make_door: Callable[..., MskDoor], credential_server: CredentialServer
) -> None:
    with make_door(session_seconds=1) as door:
        broker = broker_at(door)
        with pytest.raises(KafkaError):
            broker._connected().partitions_for("job-events")
        wait_for_a_second_login(door)
        broker.close()
    check_signatures(door, credential_server)
