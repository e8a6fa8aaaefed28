"""The functions' log lines, from all log groups in one order, each as one readable line."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from localstack.aws import client
from localstack.emf.parse import MARKER
from localstack.endpoints import FUNCTION_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator

_GROUP_PREFIX = f"/aws/lambda/{FUNCTION_PREFIX}"
_PLATFORM = ("START RequestId", "END RequestId", "REPORT RequestId", "INIT_START")
_SHOWN_ELSEWHERE = {"timestamp", "level", "message", "correlation_id", "service", "location"}
_NOISE = {
    "name",
    "cold_start",
    "function_name",
    "function_memory_size",
    "function_arn",
    "function_request_id",
    "xray_trace_id",
}


@dataclass(frozen=True)
class Line:
    """One log line. `details` holds what a JSON line says beyond the usual fields."""

    timestamp_ms: int
    function: str
    level: str
    message: str
    correlation_id: str
    details: dict[str, Any]

    def text(self) -> str:
        """Time, function, level, message, correlation id, and the rest as name=value."""
        moment = datetime.fromtimestamp(self.timestamp_ms / 1000, tz=UTC).astimezone().strftime("%H:%M:%S.%f")[:-3]
        rest = " ".join(f"{name}={_short(value)}" for name, value in self.details.items())
        parts = [moment, f"{self.function:<10}", f"{self.level:<7}", self.message, self.correlation_id, rest]
        return " ".join(part for part in parts if part)


def parse(function: str, timestamp_ms: int, message: str) -> Line | None:
    """A log event as a line; None for metric lines and the platform's own."""
    text = message.rstrip()
    if not text or text.startswith(_PLATFORM) or MARKER in text:
        return None
    try:
        entry = json.loads(text)
    except ValueError:
        entry = None
    if not isinstance(entry, dict):
        return Line(timestamp_ms, function, "", text, "", {})
    known = {"level": "", "message": "", "correlation_id": ""}
    values = {name: entry.get(name) or default for name, default in known.items()}
    shown = values["message"] if isinstance(values["message"], str) else json.dumps(values["message"])
    details = {k: v for k, v in entry.items() if k not in _SHOWN_ELSEWHERE | _NOISE and v not in (None, "")}
    written_ms = _written_ms(entry.get("timestamp")) or timestamp_ms
    return Line(written_ms, function, values["level"], shown, values["correlation_id"], details)


def _written_ms(timestamp: object) -> int | None:
    """When the function wrote the line: the emulator stamps all lines of an invocation with its end."""
    try:
        return int(datetime.strptime(str(timestamp), "%Y-%m-%d %H:%M:%S,%f%z").timestamp() * 1000)
    except ValueError:
        return None


class LogReader:
    """Reads everything once; called again, only what is new."""

    def __init__(self, endpoint: str) -> None:
        self._logs = client("logs", endpoint)
        self._since: dict[str, int] = {}
        self._seen: dict[str, set[tuple[str, int, str]]] = {}

    def functions(self) -> list[str]:
        """Names of the functions that have logged, without their prefix."""
        return [group.removeprefix(_GROUP_PREFIX) for group in self._groups()]

    def read(self, selection: str = "") -> list[Line]:
        """New lines in order of time: of one function, or those that name a correlation id, or all."""
        groups = self._groups()
        one = f"{_GROUP_PREFIX}{selection}"
        lines = []
        for group in [one] if one in groups else groups:
            pattern = "" if not selection or one in groups else f'"{selection}"'
            lines += [line for line in self._read_group(group, pattern) if line]
        return sorted(lines, key=lambda line: line.timestamp_ms)

    def follow(self, selection: str = "", *, pause_seconds: float = 0.5) -> Iterator[Line]:
        """Lines as they come, until the caller stops."""
        while True:
            yield from self.read(selection)
            time.sleep(pause_seconds)

    def _groups(self) -> list[str]:
        pages = self._logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=_GROUP_PREFIX)
        return [group["logGroupName"] for page in pages for group in page["logGroups"]]

    def _read_group(self, group: str, pattern: str) -> Iterator[Line | None]:
        since = self._since.get(group, 0)
        seen = self._seen.get(group, set())
        pages = self._logs.get_paginator("filter_log_events").paginate(
            logGroupName=group, filterPattern=pattern, startTime=max(since - 1, 0)
        )
        events = [event for page in pages for event in page["events"]]
        # The platform's millisecond is the only cursor there is: the last one's lines are met again and left out.
        for event in events:
            key = (event["logStreamName"], event["timestamp"], event["message"])
            if key not in seen:
                yield parse(group.removeprefix(_GROUP_PREFIX), event["timestamp"], event["message"])
        if events:
            newest = max(event["timestamp"] for event in events)
            self._since[group] = newest
            self._seen[group] = {
                (event["logStreamName"], event["timestamp"], event["message"])
                for event in events
                if event["timestamp"] >= newest - 1
            }


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text if " " not in text else json.dumps(text)
