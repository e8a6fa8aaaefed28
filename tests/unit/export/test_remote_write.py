"""Sending samples: signed, tried again only where that helps."""

from collections.abc import Iterator, Mapping

import httpx2
import pytest
from botocore.credentials import ReadOnlyCredentials
from botocore.session import Session

from functions.export.remote_write import RemoteWriteError, RemoteWriter
from tests.fakes.signature_check import SignedRequest, signature_problem

URL = "https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1/api/v1/remote_write"
BODY = b"any bytes \x00"
KEY, SECRET, TOKEN = "AKIDEXAMPLE", "a-secret-key", "a-session-token"


@pytest.fixture
def session() -> Session:
    """What the SDK finds in the environment of a function."""
    made = Session()
    made.set_config_variable("region", "eu-west-1")
    made.set_credentials(KEY, SECRET, TOKEN)
    return made


class Receiver:
    """Answers as it is told, and remembers what came."""

    def __init__(self, *answers: httpx2.Response | Exception) -> None:
        self._answers: Iterator[httpx2.Response | Exception] = iter(answers)
        self.requests: list[httpx2.Request] = []
        self.pauses: list[float] = []

    def write(self, session: Session) -> None:
        with httpx2.Client(transport=httpx2.MockTransport(self._handle)) as client:
            RemoteWriter(URL, session, pause=self.pauses.append).write(client, BODY)

    def _handle(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        return answer


def problem(request: httpx2.Request, *, body: bytes = BODY, headers: Mapping[str, str] | None = None) -> str | None:
    """What AWS would say of the request, or of one with another body or other headers."""
    received = SignedRequest(
        method=request.method,
        path=request.url.path,
        headers={**{name.lower(): value for name, value in request.headers.items()}, **(headers or {})},
        body=body,
    )
    credentials = ReadOnlyCredentials(KEY, SECRET, TOKEN)
    return signature_problem(received, credentials=credentials, service="aps", region="eu-west-1")


def test_what_is_sent_has_the_headers_of_the_specification(session: Session) -> None:
    receiver = Receiver(httpx2.Response(200))
    receiver.write(session)
    [request] = receiver.requests
    assert (request.method, str(request.url), request.content) == ("POST", URL, BODY)
    assert request.headers["Content-Type"] == "application/x-protobuf"
    assert request.headers["Content-Encoding"] == "snappy"
    assert request.headers["X-Prometheus-Remote-Write-Version"] == "0.1.0"


def test_it_is_signed_as_aws_wants_it(session: Session) -> None:
    receiver = Receiver(httpx2.Response(200))
    receiver.write(session)
    [request] = receiver.requests
    assert problem(request) is None
    assert problem(request, headers={"x-amz-security-token": "another"}) == "another session's token"
    assert problem(request, body=b"other bytes") == "the signature does not fit the request"
    assert problem(request, headers={"content-encoding": "gzip"}) == "the signature does not fit the request"


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_refusal_is_told_in_the_receivers_words_and_not_repeated(session: Session, status: int) -> None:
    receiver = Receiver(httpx2.Response(status, text="out of order sample\n"))
    with pytest.raises(RemoteWriteError, match=rf"answered {status}: out of order sample$"):
        receiver.write(session)
    assert len(receiver.requests) == 1
    assert receiver.pauses == []


@pytest.mark.parametrize(
    "first", [httpx2.Response(500), httpx2.Response(429), httpx2.ReadTimeout("slow"), httpx2.ConnectError("refused")]
)
def test_what_may_pass_is_tried_again(session: Session, first: httpx2.Response | Exception) -> None:
    receiver = Receiver(first, httpx2.Response(204))
    receiver.write(session)
    assert [request.content for request in receiver.requests] == [BODY, BODY]
    assert receiver.pauses == [1]


def test_the_third_try_is_the_last(session: Session) -> None:
    receiver = Receiver(httpx2.Response(503), httpx2.ConnectError("refused"), httpx2.Response(503, text="busy"))
    with pytest.raises(RemoteWriteError, match="answered 503: busy"):
        receiver.write(session)
    assert len(receiver.requests) == 3
    assert receiver.pauses == [1, 2]


def test_without_credentials_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session()
    monkeypatch.setattr(session, "get_credentials", lambda: None)
    receiver = Receiver()
    with pytest.raises(RemoteWriteError, match="no AWS credentials"):
        receiver.write(session)
    assert receiver.requests == []
