"""ministack, the AWS emulator with LocalStack's port and API, in an interpreter of its own.

Functions run in that same interpreter, so it holds their locked libraries and nothing else.
"""

from __future__ import annotations

import json
import shutil
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

from localstack.aws import REGION
from localstack.errors import ServiceError
from localstack.paths import LAMBDA_RUNTIME
from localstack.process import clean_environment
from localstack.services.base import Service

if TYPE_CHECKING:
    from pathlib import Path


class Emulator(Service):
    """API Gateway, Lambda, CloudFormation, Secrets Manager, EventBridge, CloudWatch and more on one port.

    `durable` keeps deployed stacks, secrets, metrics and logs over an orderly stop.
    """

    name = "emulator"
    port_variable = "SMARTQUEUE_AWS_PORT"

    def __init__(
        self,
        *,
        data: Path,
        port: int,
        log: Path | None = None,
        durable: bool = True,
        kafka_bootstrap: str = "",
        cache_address: str = "",
    ) -> None:
        super().__init__(data=data, port=port, log=log)
        self.durable = durable
        self.kafka_bootstrap = kafka_bootstrap
        self.cache_address = cache_address
        self._saved = data / "saved"

    @property
    def url(self) -> str:
        """The endpoint for AWS clients."""
        return f"http://{self.address}"

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=2) as answer:  # noqa: S310 - http
                return "services" in json.load(answer)
        except (OSError, ValueError, urllib.error.URLError):
            return False

    def stop(self) -> None:
        # Its workers are asked too: it would wait seconds for the relay, which runs for a minute.
        if self.process.stop(grace_seconds=20, children_too=True):
            self._saved.touch()
        shutil.rmtree(self.data / "tmp", ignore_errors=True)

    def kill(self) -> None:
        self.process.kill()
        shutil.rmtree(self.data / "tmp", ignore_errors=True)

    def _launch(self) -> None:
        program = LAMBDA_RUNTIME / "bin" / "ministack"
        if not program.exists():
            raise ServiceError(f"The emulator is not installed ({program} is missing): run `make setup`.")
        # A crashed emulator leaves its functions' unpacked code behind, and the state of an earlier stop: secrets that
        # no longer fit the database. Better to start empty and be deployed to again.
        shutil.rmtree(self.data / "tmp", ignore_errors=True)
        if not self._saved.exists():
            shutil.rmtree(self.data / "state", ignore_errors=True)
        self._saved.unlink(missing_ok=True)
        # Its state holds every secret in plain text.
        self.data.chmod(0o700)
        for folder in ("tmp", "home", "state"):
            (self.data / folder).mkdir(parents=True, exist_ok=True)
        host, _, port = self.cache_address.partition(":")
        # Everything in the emulator's environment is also in every function's: hence the clean one, with its own HOME.
        self.process.spawn(
            [program],
            environment=clean_environment(
                HOME=str(self.data / "home"),
                TMPDIR=str(self.data / "tmp"),
                BIND_HOST=self.host,
                GATEWAY_PORT=str(self.port),
                IOT_MTLS_ENABLED="0",
                SFTP_ENABLED="0",
                PERSIST_STATE="1" if self.durable else "0",
                S3_PERSIST="1" if self.durable else "0",
                S3_DATA_DIR=str(self.data / "state" / "s3"),
                STATE_DIR=str(self.data / "state"),
                MINISTACK_REGION=REGION,
                MINISTACK_MSK_BOOTSTRAP=self.kafka_bootstrap,
                REDIS_HOST=host or self.host,
                REDIS_PORT=port or "6379",
            ),
            folder=self.data,
        )
