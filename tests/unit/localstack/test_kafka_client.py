"""How clients of this machine reach Kafka: plaintext, or with a login that no command line and no log shows."""

from __future__ import annotations

import pytest

from localstack.kafka_client import KafkaAccess
from localstack.settings import SettingsError, from_environment

LOGIN = KafkaAccess("b-1:9096,b-2:9096", username="smartqueue", password="s3cret", ca_file="/authorities.pem")


def test_without_a_login_it_is_plaintext() -> None:
    access = KafkaAccess("127.0.0.1:9092")
    assert access.security == "PLAINTEXT"
    assert access.options == {"bootstrap_servers": ["127.0.0.1:9092"]}


def test_a_login_comes_over_tls_with_the_name_checked() -> None:
    assert LOGIN.security == "SASL_SCRAM"
    assert LOGIN.options == {
        "bootstrap_servers": ["b-1:9096", "b-2:9096"],
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "smartqueue",
        "sasl_plain_password": "s3cret",
        "ssl_check_hostname": True,
        "ssl_cafile": "/authorities.pem",
    }


def test_it_travels_by_environment_and_shows_no_password() -> None:
    assert KafkaAccess.from_environment(LOGIN.variables) == LOGIN
    assert "s3cret" not in repr(LOGIN)


@pytest.mark.parametrize("missing", ["SMARTQUEUE_KAFKA_USERNAME", "SMARTQUEUE_KAFKA_PASSWORD"])
def test_half_a_login_is_refused(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    for name, value in LOGIN.variables.items():
        monkeypatch.setenv(name, value)
    assert from_environment().kafka == LOGIN
    monkeypatch.delenv(missing)
    with pytest.raises(SettingsError, match="set both"):
        from_environment()


def test_a_login_to_the_embedded_broker_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in LOGIN.variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("SMARTQUEUE_KAFKA_BOOTSTRAP")
    with pytest.raises(SettingsError, match="SMARTQUEUE_KAFKA_BOOTSTRAP"):
        from_environment()
