"""Reads the functions' log groups again and again and puts what their metric lines say into CloudWatch, once each."""

from __future__ import annotations

import json
import logging
import time
import zlib
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from localstack.aws import client
from localstack.emf.parse import MARKER, Datum, parse

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable
    from pathlib import Path

_PASS_SECONDS = 2.0
# The emulator stamps a line when it stores it; a little overlap costs nothing, as lines are remembered by id.
_OVERLAP_MS = 1_000
_DATA_PER_REQUEST = 500


class Forwarder:
    """Keeps in `cursor` how far it has read, so that a restart neither repeats nor skips a line."""

    def __init__(self, *, endpoint: str, prefix: str, cursor: Path) -> None:
        self._logs = client("logs", endpoint)
        self._metrics = client("cloudwatch", endpoint)
        self._prefix = prefix
        self._cursor = cursor
        self._log = logging.getLogger("emf")
        self._groups: dict[str, dict[str, Any]] = self._load()
        self._trouble = ""

    def run(self, halt: threading.Event) -> None:
        """Forward until `halt` is set; an emulator that is away is waited for."""
        while not halt.is_set():
            try:
                started = time.perf_counter()
                count = self.forward()
                if count:
                    self._log.info("%d data points in %.0f ms", count, (time.perf_counter() - started) * 1000)
                self._report("")
            except (BotoCoreError, ClientError) as error:
                self._report(f"the emulator does not answer ({error}); trying again")
            halt.wait(_PASS_SECONDS)

    def forward(self) -> int:
        """One pass over all log groups. Returns how many data points were put."""
        count = 0
        for page in self._logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=self._prefix):
            for group in page["logGroups"]:
                count += self._forward_group(group["logGroupName"])
        return count

    def _forward_group(self, group: str) -> int:
        known = self._groups.get(group, {"until": 0, "seen": {}})
        seen: dict[str, int] = known["seen"]
        pages = self._logs.get_paginator("filter_log_events").paginate(
            logGroupName=group, filterPattern=MARKER, startTime=max(known["until"] - _OVERLAP_MS, 0)
        )
        identified = _identify(event for page in pages for event in page["events"])
        fresh = {identity: event for identity, event in identified.items() if identity not in seen}
        if not fresh:
            return 0
        data = [datum for event in fresh.values() for datum in parse(event["message"])]
        self._put(data)
        newest = max(event["timestamp"] for event in fresh.values())
        seen |= {identity: event["timestamp"] for identity, event in fresh.items()}
        until = max(known["until"], newest)
        # Only what the next look's overlap can meet again has to be remembered.
        kept = {identity: moment for identity, moment in seen.items() if moment >= until - _OVERLAP_MS}
        self._groups[group] = {"until": until, "seen": kept}
        self._save()
        return len(data)

    def _put(self, data: Iterable[Datum]) -> None:
        by_namespace: dict[str, list[Datum]] = {}
        for datum in data:
            by_namespace.setdefault(datum.namespace, []).append(datum)
        for namespace, entries in by_namespace.items():
            for start in range(0, len(entries), _DATA_PER_REQUEST):
                self._metrics.put_metric_data(
                    Namespace=namespace,
                    MetricData=[_metric(datum) for datum in entries[start : start + _DATA_PER_REQUEST]],  # type: ignore[misc]
                )

    def _load(self) -> dict[str, dict[str, Any]]:
        try:
            loaded: dict[str, dict[str, Any]] = json.loads(self._cursor.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return loaded

    def _save(self) -> None:
        self._cursor.parent.mkdir(parents=True, exist_ok=True)
        draft = self._cursor.with_suffix(".new")
        draft.write_text(json.dumps(self._groups), encoding="utf-8")
        draft.replace(self._cursor)

    def _report(self, trouble: str) -> None:
        if bool(trouble) != bool(self._trouble):
            self._log.warning("%s", trouble or "the emulator answers again")
        self._trouble = trouble


def _identify(events: Iterable[Any]) -> dict[str, Any]:
    """Events by an id that is the same at every look; the emulator gives none, so equal lines are numbered."""
    identified: dict[str, Any] = {}
    repeated: Counter[str] = Counter()
    for event in events:
        content = zlib.crc32(event["message"].encode())
        base = event.get("eventId") or f"{event['logStreamName']}:{event['timestamp']}:{content}"
        identified[f"{base}:{repeated[base]}"] = event
        repeated[base] += 1
    return identified


def _metric(datum: Datum) -> dict[str, Any]:
    values, counts = datum.counted()
    return {
        "MetricName": datum.name,
        "Dimensions": [{"Name": name, "Value": value} for name, value in datum.dimensions],
        "Timestamp": datetime.fromtimestamp(datum.timestamp_seconds, tz=UTC),
        "Unit": datum.unit,
        "Values": values,
        "Counts": counts,
    }
