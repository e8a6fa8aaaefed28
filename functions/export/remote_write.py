"""Sends samples to Amazon Managed Service for Prometheus: remote write 1.0, signed with the function's own rights."""

import time
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING

import httpx2

from smartqueue.errors import SmartQueueError

if TYPE_CHECKING:
    from botocore.session import Session

SERVICE = "aps"
TIMEOUT_SECONDS = 4.0
PAUSES_SECONDS = (1.0, 2.0)
SHOWN_CHARACTERS = 500
HEADERS = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}


class RemoteWriteError(SmartQueueError):
    """The samples were not taken; the message holds what the receiver said."""


class RemoteWriter:
    """Writes to one workspace."""

    def __init__(self, url: str, session: "Session", *, pause: Callable[[float], None] = time.sleep) -> None:
        self._url = url
        self._session = session
        self._pause = pause

    def write(self, client: httpx2.Client, body: bytes) -> None:
        """Send one encoded request; try again, twice and after a pause, where the specification says so.

        Raises RemoteWriteError.
        """
        for pause in (*PAUSES_SECONDS, None):
            problem, may_pass = self._try(client, body)
            if problem is None:
                return
            if pause is None or not may_pass:
                raise RemoteWriteError(problem)
            self._pause(pause)

    def _try(self, client: httpx2.Client, body: bytes) -> tuple[str | None, bool]:
        """Return what went wrong, if anything, and whether it may pass."""
        try:
            answer = client.post(self._url, content=body, headers=self._signed(body), timeout=TIMEOUT_SECONDS)
        except httpx2.HTTPError as error:
            return f"The remote write was not answered: {type(error).__name__}: {error}", True
        if answer.is_success:
            return None, False
        may_pass = answer.is_server_error or answer.status_code == HTTPStatus.TOO_MANY_REQUESTS
        said = answer.text[:SHOWN_CHARACTERS].strip()
        return f"The remote write was answered {answer.status_code}: {said}", may_pass

    def _signed(self, body: bytes) -> dict[str, str]:
        """The headers, with a signature that is good for a few minutes."""
        # Costly to import; reading the secret has loaded them by now.
        from botocore.auth import SigV4Auth  # noqa: PLC0415
        from botocore.awsrequest import AWSRequest  # noqa: PLC0415

        credentials = self._session.get_credentials()
        if credentials is None:
            raise RemoteWriteError("There are no AWS credentials to sign the remote write with.")
        request = AWSRequest(method="POST", url=self._url, data=body, headers=dict(HEADERS))
        SigV4Auth(credentials, SERVICE, self._session.get_config_variable("region")).add_auth(request)
        return dict(request.headers.items())
