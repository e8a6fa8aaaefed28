"""The certificate authorities that a database may come from."""

import ssl
import time
from typing import Any

import pytest

from smartqueue.database import TRUSTED_ROOTS

YEAR_SECONDS = 365 * 86400


@pytest.fixture(scope="module")
def authorities() -> dict[str, float]:
    """When each authority ends, by its name, as OpenSSL reads the file; other certificates it does not list."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(TRUSTED_ROOTS)
    listed: list[Any] = context.get_ca_certs()
    return {
        value: float(ssl.cert_time_to_seconds(certificate["notAfter"]))
        for certificate in listed
        for ((name, value),) in certificate["subject"]
        if name == "commonName"
    }


def test_every_certificate_is_an_authority(authorities: dict[str, float]) -> None:
    assert len(authorities) == TRUSTED_ROOTS.read_text("ascii").count("-----BEGIN CERTIFICATE-----") > 80


def test_none_is_over_or_will_be_soon(authorities: dict[str, float]) -> None:
    assert [name for name, end in authorities.items() if end < time.time() + YEAR_SECONDS] == []


def test_none_signs_for_previews(authorities: dict[str, float]) -> None:
    assert [name for name in authorities if "Beta" in name or "Preview" in name] == []


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1", "eu-central-1", "ap-southeast-1"])
@pytest.mark.parametrize("key", ["RSA2048", "RSA4096", "ECC384"])
def test_databases_of_the_regions_are_known(authorities: dict[str, float], region: str, key: str) -> None:
    assert f"Amazon RDS {region} Root CA {key} G1" in authorities


def test_proxies_are_known(authorities: dict[str, float]) -> None:
    assert "Amazon Root CA 1" in authorities
