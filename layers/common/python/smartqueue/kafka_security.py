"""How a Kafka client proves who it is, and makes sure of the broker: kafka-python's words for our settings."""

from typing import Any

from smartqueue.errors import SecretError
from smartqueue.secrets import read_secret
from smartqueue.settings import KafkaSettings


def client_security(settings: KafkaSettings) -> dict[str, Any]:
    """Return the arguments for a new client. Raises KafkaConnectionError when the login cannot be read just now."""
    if settings.kafka_security == "PLAINTEXT":
        return {}
    over_tls = {"security_protocol": "SASL_SSL", "ssl_check_hostname": True}
    if settings.kafka_security == "AWS_MSK_IAM":
        return {**over_tls, "sasl_mechanism": "AWS_MSK_IAM"}
    username, password = _login(settings.kafka_secret_id)
    return {
        **over_tls,
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": username,
        "sasl_plain_password": password,
        "ssl_cafile": settings.kafka_ca_file or None,
    }


def _login(secret_id: str) -> tuple[str, str]:
    from smartqueue.kafka_client import KafkaConnectionError  # noqa: PLC0415 - the caller has it loaded anyway

    try:
        # Past the cache: a client is made once, and again only after a failure, as the end of a password is.
        login = read_secret(secret_id, fresh=True)
        return login["username"], login["password"]
    except (SecretError, KeyError) as error:
        raise KafkaConnectionError(f"the login cannot be read: {type(error).__name__}") from error
