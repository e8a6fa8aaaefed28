"""The exporter: a Prometheus agent that runs for a moment every minute, scrapes the API and writes to the workspace."""

from functools import cache
from typing import Any

import httpx2

from functions.export.messages import encode
from functions.export.remote_write import RemoteWriter
from functions.export.scrape import scrape
from functions.export.settings import Settings
from smartqueue.environment import Environment
from smartqueue.logs import log_invocation
from smartqueue.secrets import read_secret

environment = Environment(Settings)


@cache
def writer() -> RemoteWriter:
    """Return the writer, with the credentials of this execution environment."""
    from botocore.session import get_session  # noqa: PLC0415

    return RemoteWriter(environment.settings.remote_write_url, get_session())


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001
    """Export once. Raises ScrapeError, after `up` was written as 0, or RemoteWriteError."""
    settings = environment.settings
    with log_invocation(context) as log, httpx2.Client(headers={"User-Agent": "smartqueue-export"}) as client:
        credential = str(read_secret(settings.metrics_secret_id)["token"])
        seen = scrape(client, settings.metrics_url, credential=credential, stage=settings.stage)
        writer().write(client, encode(seen.series, timestamp=seen.began))
        if seen.failure:
            # The next minute is the next try; meanwhile the alarm on this function's errors should know.
            raise seen.failure
        log.info("metrics exported", extra={"series": len(seen.series), "scrape_seconds": seen.duration_seconds})
    return {"series": len(seen.series)}
