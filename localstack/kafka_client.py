"""How a client of this machine's own reaches a Kafka broker: where it is, and who the client says it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

_VARIABLES = {
    "bootstrap": "SMARTQUEUE_KAFKA_BOOTSTRAP",
    "username": "SMARTQUEUE_KAFKA_USERNAME",
    "password": "SMARTQUEUE_KAFKA_PASSWORD",
    "ca_file": "SMARTQUEUE_KAFKA_CA_FILE",
}


@dataclass(frozen=True)
class KafkaAccess:
    """Plaintext without a username, else SCRAM-SHA-512 over TLS. ca_file: empty for the system's authorities."""

    bootstrap: str
    username: str = ""
    password: str = field(default="", repr=False)
    ca_file: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """What the variables say; without an address when none is set."""
        return cls(**{name: environment.get(variable, "") for name, variable in _VARIABLES.items()})

    @property
    def variables(self) -> dict[str, str]:
        """The same as environment variables, for another process: a command line would show the password."""
        return {variable: getattr(self, name) for name, variable in _VARIABLES.items()}

    @property
    def security(self) -> str:
        """The functions' word for it."""
        return "SASL_SCRAM" if self.username else "PLAINTEXT"

    @property
    def options(self) -> dict[str, Any]:
        """Arguments for any client of kafka-python."""
        options: dict[str, Any] = {"bootstrap_servers": self.bootstrap.split(",")}
        if self.username:
            options |= {
                "security_protocol": "SASL_SSL",
                "sasl_mechanism": "SCRAM-SHA-512",
                "sasl_plain_username": self.username,
                "sasl_plain_password": self.password,
                "ssl_check_hostname": True,
                "ssl_cafile": self.ca_file or None,
            }
        return options
