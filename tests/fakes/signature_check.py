"""Checks AWS signatures (version 4) as the receiving service does: anew, from the request as it came."""

import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from botocore.auth import SIGV4_TIMESTAMP, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials

LONGEST_VALIDITY = timedelta(minutes=5)
MUST_BE_SIGNED = frozenset({"host", "x-amz-date", "content-type"})
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request, "
    r"SignedHeaders=(?P<headers>[a-z0-9;-]+), Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass(frozen=True, kw_only=True)
class SignedRequest:
    """A request as it was received; the names of its headers are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    now: datetime = field(default_factory=lambda: datetime.now(UTC))


def signature_problem(
    request: SignedRequest, *, credentials: ReadOnlyCredentials, service: str, region: str
) -> str | None:
    """Return why AWS would refuse the request, or None."""
    found = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
    if not found:
        return "the Authorization header is no signature of version 4"
    if (scope := (found["key"], found["region"], found["service"])) != (credentials.access_key, region, service):
        return f"signed for {scope}"
    return next(_problems(request, found, credentials), None)


def _problems(request: SignedRequest, found: re.Match[str], credentials: ReadOnlyCredentials) -> Iterator[str]:
    signed = set(found["headers"].split(";"))
    wanted = MUST_BE_SIGNED | ({"x-amz-security-token"} if credentials.token else set())
    if missing := wanted - (signed & request.headers.keys()):
        yield f"not signed: {', '.join(sorted(missing))}"
        return
    if credentials.token and request.headers["x-amz-security-token"] != credentials.token:
        yield "another session's token"
    signed_at = datetime.strptime(request.headers["x-amz-date"], SIGV4_TIMESTAMP).replace(tzinfo=UTC)
    if abs(request.now - signed_at) > LONGEST_VALIDITY:
        yield f"signed at {signed_at}"
    if not hmac.compare_digest(found["signature"], _signature(request, signed, found, credentials)):
        yield "the signature does not fit the request"


def _signature(request: SignedRequest, signed: set[str], found: re.Match[str], credentials: ReadOnlyCredentials) -> str:
    anew = AWSRequest(
        method=request.method,
        url=f"http://{request.headers['host']}{request.path}",
        data=request.body,
        headers={name: request.headers[name] for name in signed},
    )
    anew.context["timestamp"] = request.headers["x-amz-date"]
    signer = SigV4Auth(credentials, found["service"], found["region"])
    return str(signer.signature(signer.string_to_sign(anew, signer.canonical_request(anew)), anew))
