"""Sends one signed webhook: `Services.send_webhook` of the processor."""

import asyncio
import contextlib
import ssl
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx2

from functions.process.webhooks.answers import check_answer
from functions.process.webhooks.guard import GuardedBackend, GuardedTransport, Resolver, resolve_host
from functions.process.webhooks.signing import encode_event, sign_event
from smartqueue.errors import PermanentError, RetryableError
from smartqueue.failpoints import boundary
from smartqueue.job_types.base import Delivery, RunningJob
from smartqueue.webhook_keys import derive_webhook_secret
from smartqueue.webhook_urls import UNREADABLE, Networks, check_url

USER_AGENT = "SmartTaskQueue-Webhook/1"
CONNECT_TIMEOUT_SECONDS = 5.0
MAX_BODY_BYTES = 64 * 1024
KEPT_BODY_CHARACTERS = 1024


class WebhookSender:
    """Sends webhooks for all tenants. Keeps no connections, so one can serve many event loops in turn.

    master_key: what the tenants' secrets are derived from. networks: private networks that may be reached.
    tls, resolve and now are for tests: whom to trust, how to look names up, what time it is.
    """

    def __init__(
        self,
        *,
        master_key: str,
        networks: Networks,
        tls: ssl.SSLContext | None = None,
        resolve: Resolver = resolve_host,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._master_key = master_key
        self._networks = networks
        self._tls = tls
        self._resolve = resolve
        self._now = now
        self._transports: dict[str, GuardedTransport] = {}

    async def send_webhook(self, *, job: RunningJob, url: str, event_type: str, data: Mapping[str, Any]) -> Delivery:
        """POST a signed event to `url` and return what the receiver answered, within the job's timeout.

        Raises RetryableError (network, TLS, time, 408, 429, 5xx) or PermanentError (forbidden or unreadable URL,
        redirects, other 4xx). The messages are made for the tenant.
        """
        request = self._build_request(job, self._check(url), encode_event(job=job, event_type=event_type, data=data))
        started = time.monotonic()
        try:
            async with asyncio.timeout(job.timeout_seconds):
                with boundary("webhook", httpx2.ConnectError):
                    status, body = await self._exchange(request)
        except httpx2.ConnectTimeout as error:
            raise RetryableError("The receiver did not accept a connection in time.") from error
        except (TimeoutError, httpx2.TimeoutException) as error:
            message = f"The receiver did not finish its answer within {job.timeout_seconds:g} seconds."
            raise RetryableError(message) from error
        except httpx2.TransportError as error:
            raise RetryableError(_describe(error)) from error
        return Delivery(status=status, body=body, duration_seconds=time.monotonic() - started)

    async def close(self) -> None:
        """Close the connections of deliveries that are still under way."""
        for transport in self._transports.values():
            await transport.aclose()

    def _check(self, url: str) -> httpx2.URL:
        try:
            check_url(url, self._networks)
            return httpx2.URL(url)
        except ValueError as error:
            raise PermanentError(str(error)) from None
        except httpx2.InvalidURL:
            raise PermanentError(UNREADABLE) from None

    def _build_request(self, job: RunningJob, url: httpx2.URL, body: bytes) -> httpx2.Request:
        secret = derive_webhook_secret(self._master_key, job.tenant_id, job.webhook_key_version)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
            "Accept-Encoding": "identity",
            "Connection": "close",
            "X-Correlation-ID": job.correlation_id,
            **sign_event(secret, message_id=job.effect_key, sent_at=self._now(), body=body),
        }
        timeout = httpx2.Timeout(job.timeout_seconds, connect=min(CONNECT_TIMEOUT_SECONDS, job.timeout_seconds))
        return httpx2.Request("POST", url, headers=headers, content=body, extensions={"timeout": timeout.as_dict()})

    async def _exchange(self, request: httpx2.Request) -> tuple[int, str]:
        response = await self._get_transport(request.url.scheme).handle_async_request(request)
        try:
            check_answer(response.status_code, response.headers.get("Retry-After"), now=self._now())
            return response.status_code, await _read_start(response)
        finally:
            await response.aclose()

    def _get_transport(self, scheme: str) -> GuardedTransport:
        if scheme not in self._transports:
            # Reading the certificate store takes a while: only those who send by https pay, and once.
            tls = (self._tls or httpx2.create_ssl_context()) if scheme == "https" else None
            backend = GuardedBackend(scheme=scheme, networks=self._networks, resolve=self._resolve)
            self._transports[scheme] = GuardedTransport(backend, tls=tls)
        return self._transports[scheme]


async def _read_start(response: httpx2.Response) -> str:
    """Return the beginning of the body as text that PostgreSQL can store, reading no more than the limit."""
    received = bytearray()
    async with contextlib.aclosing(response.aiter_raw()) as chunks:
        async for chunk in chunks:
            received += chunk
            if len(received) >= MAX_BODY_BYTES:
                break
    return received.decode("utf-8", errors="replace")[:KEPT_BODY_CHARACTERS].replace("\0", "\N{REPLACEMENT CHARACTER}")


def _describe(error: httpx2.TransportError) -> str:
    """Say what went wrong in words of our own: the library's may hold addresses."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"The receiver's certificate was not accepted: {cause.verify_message}."
    if cause is not None:
        return "The TLS handshake with the receiver failed."
    if isinstance(error, httpx2.ConnectError):
        return "The receiver could not be reached."
    return "The receiver hung up or did not answer in HTTP."
