"""Tokens that somebody made up, at the edge and at a handler that no edge stands before."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from localstack.aws import client
from smartqueue.ids import new_id
from tests.e2e.client import PASSWORD, Caller, Tenant, expect_problem, unique
from tests.security.fuzzing import REQUESTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.e2e.cloud import LocalCloud

type Make = Callable[[Mapping[str, Any], Mapping[str, str]], str]

PRIVATE_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
HOUR_SECONDS = 3600


def part(value: object) -> str:
    """One part of a token; bytes as they are."""
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def sign(head: object, claims: object, key: str) -> str:
    """A token with a good HS256 signature, whatever its head says."""
    signed = f"{part(head)}.{part(claims)}"
    return f"{signed}.{part(hmac.digest(key.encode(), signed.encode(), hashlib.sha256))}"


def changed(**changes: Any) -> Make:
    """Claims that are good but for these, under a good signature; None leaves one out."""

    def make(claims: Mapping[str, Any], key: Mapping[str, str]) -> str:
        kept = {name: value for name, value in {**claims, **changes}.items() if value is not None}
        return sign({"alg": "HS256", "typ": "JWT", "kid": key["kid"]}, kept, key["key"])

    return make


def headed(signer: str | None = None, **head: Any) -> Make:
    """Good claims under a head of the attacker's, signed with a key of the attacker's or else with none."""

    def make(claims: Mapping[str, Any], key: Mapping[str, str]) -> str:
        whole = {"alg": "HS256", "typ": "JWT", "kid": key["kid"], **head}
        if signer is None:
            return f"{part(whole)}.{part(claims)}."
        return sign(whole, claims, signer)

    return make


def by_rsa(claims: Mapping[str, Any], key: Mapping[str, str]) -> str:
    return jwt.encode(dict(claims), PRIVATE_KEY, algorithm="RS256", headers={"kid": key["kid"]})


def twice(names: bytes) -> Make:
    """A head that says a name twice, under a good signature."""
    return lambda claims, key: sign(names.replace(b"KID", key["kid"].encode()), claims, key["key"])


NOW = int(time.time())
FORGED: dict[str, Make] = {
    # What the signature is not made with.
    **{f"algorithm {name}": headed(alg=name) for name in ("none", "None", "NONE", "nOnE", "", "HS512")},
    "algorithm of a list": headed(alg=["none", "HS256"]),
    "no algorithm": headed(alg=None),
    "RSA": by_rsa,
    "the head says RSA, the signature is ours": lambda c, k: sign({"alg": "RS256", "kid": k["kid"]}, c, k["key"]),
    "the head says none, the signature is ours": lambda c, k: sign({"alg": "none", "kid": k["kid"]}, c, k["key"]),
    "an empty key": headed(signer=""),
    "the key's id as the key": lambda c, k: sign({"alg": "HS256", "kid": k["kid"]}, c, k["kid"]),
    "a key inside": headed(signer="mine", jwk={"kty": "oct", "k": "bWluZQ"}),
    "a key elsewhere": headed(signer="mine", jku="http://127.0.0.1:9999/keys", x5u="http://127.0.0.1:9999/keys"),
    "half a signature": lambda c, k: changed()(c, k)[:-20],
    "a signature of others' claims": lambda c, k: f"{changed()(c, k).rpartition('.')[0]}.{'A' * 43}",
    # Which key is meant.
    **{
        f"key id {name}": headed(signer="", kid=kid)
        for name, kid in {
            "path": "../../../../dev/null",
            "file": "/proc/self/environ",
            "SQL": "' UNION SELECT '' --",
            "unknown": "9",
            "null": None,
            "empty": "",
            "list": ["1"],
            "object": {"$ne": None},
            "number": 1,
            "long": "k" * 3000,
        }.items()
    },
    # Parts that say two things at once.
    "algorithm twice": twice(b'{"alg":"HS256","alg":"none","kid":"KID"}'),
    "key id twice": twice(b'{"alg":"HS256","kid":"KID","kid":"9"}'),
    "a critical extension": twice(b'{"alg":"HS256","kid":"KID","crit":["exp2"],"exp2":1}'),
    "an unencoded payload": twice(b'{"alg":"HS256","kid":"KID","crit":["b64"],"b64":false}'),
    "four parts": lambda c, k: f"{changed()(c, k)}.{part({})}",
    "five parts": lambda c, k: f"{changed()(c, k)}.{part({})}.{part({})}",
    "a head that is a list": twice(b'["HS256"]'),
    "a head that is not UTF-8": twice(b"\xff\xfe"),
    "brackets without end": twice(b'{"alg":"HS256","kid":' + b"[" * 2000),
    "huge": lambda c, k: sign({"alg": "HS256", "kid": k["kid"], "x": "x" * 5000}, c, k["key"]),
    # Claims that even a good signature does not make good.
    "another issuer": changed(iss="somebody"),
    "issuers": changed(iss=["smart-task-queue", "somebody"]),
    "another audience": changed(aud="another-api"),
    "no issuer": changed(iss=None),
    "no audience": changed(aud=None),
    "no subject": changed(sub=None),
    "a subject that is no id": changed(sub="1' OR '1'='1"),
    "subjects": changed(sub=["a", "b"]),
    "no end": changed(exp=None),
    "an end that is a text": changed(exp="never"),
    "an end without end": changed(exp=float("inf")),
    "good for a year": changed(exp=NOW + 365 * 24 * HOUR_SECONDS),
    "good for two hours": changed(exp=NOW + 2 * HOUR_SECONDS),
    "over": changed(iat=NOW - 3 * HOUR_SECONDS, exp=NOW - 2 * HOUR_SECONDS),
    "made tomorrow": changed(iat=NOW + 24 * HOUR_SECONDS, exp=NOW + 25 * HOUR_SECONDS),
    "not before tomorrow": changed(nbf=NOW + 24 * HOUR_SECONDS),
    "no id": changed(jti=None),
    "an unknown role": changed(role="ROOT"),
    "roles": changed(role=["ADMIN"]),
    "tenants": changed(tenantId=["a", "b"]),
}


@pytest.fixture(scope="module")
def key(cloud: LocalCloud) -> Mapping[str, str]:
    """The key that the functions sign with."""
    secrets = client("secretsmanager", cloud.endpoints.aws)
    secret: dict[str, str] = json.loads(
        secrets.get_secret_value(SecretId="smartqueue/local/token-keys")["SecretString"]
    )
    return secret


@pytest.fixture(scope="module")
def claims(house: Tenant) -> Mapping[str, Any]:
    """What the house's ADMIN may say."""
    good: dict[str, Any] = jwt.decode(house.admin.token or "", options={"verify_signature": False})
    return {**good, "jti": new_id()}


def test_the_forger_knows_how_to_make_a_good_one(
    house: Tenant, claims: Mapping[str, Any], key: Mapping[str, str]
) -> None:
    assert Caller(house.anonymous.http, changed()(claims, key)).call("GET", "/admin/users").status_code == 200


@pytest.mark.parametrize("kind", FORGED)
def test_a_forged_token_opens_nothing(
    kind: str, house: Tenant, claims: Mapping[str, Any], key: Mapping[str, str]
) -> None:
    forger = Caller(house.anonymous.http, FORGED[kind](claims, key))
    member = {"username": unique("forged"), "password": PASSWORD, "role": "ADMIN"}

    # The second route is open at the edge: its handler reads the token itself.
    for answer in (forger.call("GET", "/admin/users"), forger.call("POST", "/auth/register", member)):
        REQUESTS["forged tokens"] += 1
        problem = expect_problem(answer, 401)
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert key["key"] not in str(problem)
    assert member["username"] not in house.admin.call("GET", "/admin/users").text


def test_a_token_outlives_its_user_and_role_by_an_hour_at_most(tenant: Tenant, cloud: LocalCloud) -> None:
    # What is promised, see docs/security.md: whoever loses a role or an account keeps it until the token ends.
    member = {"username": unique("leaver"), "password": PASSWORD, "role": "OPERATOR"}
    leaver = Caller(tenant.anonymous.http, tenant.admin.post("/auth/register", member, status=201)["token"])
    account = {name: member[name] for name in ("username", "password")}

    cloud.rows("UPDATE users SET role = 'VIEWER' WHERE username = %s RETURNING 1", member["username"])
    assert leaver.submit("As before")["createdBy"]
    assert tenant.anonymous.post("/auth/login", account)["role"] == "VIEWER"

    cloud.rows("DELETE FROM users WHERE username = %s RETURNING 1", member["username"])
    assert leaver.submit("As before")["createdBy"]
    expect_problem(tenant.anonymous.call("POST", "/auth/login", account), 401)
    assert member["username"] not in tenant.admin.call("GET", "/admin/users").text

    said = jwt.decode(leaver.token or "", options={"verify_signature": False})
    assert said["exp"] - time.time() <= HOUR_SECONDS
