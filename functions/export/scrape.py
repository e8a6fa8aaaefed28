"""Reads GET /metrics as any Prometheus server would."""

import time
from dataclasses import dataclass
from http import HTTPStatus

import httpx2
from prometheus_client.parser import text_string_to_metric_families

from functions.export.messages import Series
from smartqueue.errors import SmartQueueError

# What Prometheus itself allows a target by default.
TIMEOUT_SECONDS = 10.0
JOB = "smartqueue"
SHOWN_CHARACTERS = 200


class ScrapeError(SmartQueueError):
    """GET /metrics did not answer, or not with metrics."""


@dataclass(frozen=True, kw_only=True)
class Scrape:
    """What one look at the metrics gave. began: seconds since 1970. failure: None if the metrics could be read."""

    began: float
    duration_seconds: float
    series: tuple[Series, ...]
    failure: ScrapeError | None


def scrape(client: httpx2.Client, url: str, *, credential: str, stage: str) -> Scrape:
    """Look at the metrics once. The series carry the labels `job` and `stage`, and there are always two of our own.

    They are those that Prometheus adds to every target: `up`, 1 or 0, and `scrape_duration_seconds`.
    """
    labels = {"job": JOB, "stage": stage}
    began, start = time.time(), time.perf_counter()
    series: tuple[Series, ...] = ()
    failure = None
    try:
        series = read(_get(client, url, credential), labels)
    except ScrapeError as error:
        failure = error
    took = time.perf_counter() - start
    own = (
        Series(name="up", labels=labels, value=float(failure is None)),
        Series(name="scrape_duration_seconds", labels=labels, value=took),
    )
    return Scrape(began=began, duration_seconds=took, series=(*series, *own), failure=failure)


def read(text: str, labels: dict[str, str]) -> tuple[Series, ...]:
    """Return the series of an exposition text, with `labels` added to each. Raises ScrapeError."""
    try:
        return tuple(
            Series(name=sample.name, labels={**sample.labels, **labels}, value=float(sample.value))
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        )
    except ValueError as error:
        raise ScrapeError(f"The metrics cannot be read: {error}") from error


def _get(client: httpx2.Client, url: str, credential: str) -> str:
    try:
        answer = client.get(
            url,
            headers={"Authorization": f"Bearer {credential}", "Accept": "text/plain;version=0.0.4"},
            timeout=TIMEOUT_SECONDS,
        )
    except httpx2.HTTPError as error:
        raise ScrapeError(f"GET /metrics was not answered: {type(error).__name__}: {error}") from error
    if answer.status_code != HTTPStatus.OK:
        raise ScrapeError(f"GET /metrics was answered {answer.status_code}: {answer.text[:SHOWN_CHARACTERS]}")
    return answer.text
