"""What the demonstration submits and how each job is announced to end, from tickets.json."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

TERMINAL = ("COMPLETED", "FAILED", "CANCELLED")
_FILE = Path(__file__).with_name("tickets.json")
_BODY_FIELDS = ("type", "title", "description", "payload", "retry")


@dataclass(frozen=True, kw_only=True)
class Announced:
    """One job as it is announced. key: how the story names it ("" for the ordinary ones); attempts: None for any."""

    key: str
    tenant: str
    body: dict[str, Any]
    ends: str
    attempts: int | None
    because: str


@dataclass
class Tracked:
    """An announced job and what the API said of it last; `view` is empty until it is submitted."""

    announced: Announced
    view: dict[str, Any] = field(default_factory=dict)

    @property
    def job_id(self) -> str:
        """The job's id."""
        return str(self.view["jobId"])

    @property
    def title(self) -> str:
        """The job's title."""
        return str(self.announced.body["title"])

    @property
    def type(self) -> str:
        """The job's type."""
        return str(self.announced.body.get("type", "ticket"))

    @property
    def status(self) -> str:
        """The job's state, "" before it is submitted."""
        return str(self.view.get("status", ""))

    @property
    def attempts(self) -> int:
        """Attempts begun so far."""
        return int(self.view.get("attempts", 0))

    @property
    def ended(self) -> bool:
        """Whether it has come to an end."""
        return self.status in TERMINAL

    @property
    def took_seconds(self) -> float | None:
        """From its submission to its end."""
        if not (self.ended and self.view.get("completedAt")):
            return None
        begun, done = (datetime.fromisoformat(self.view[name]) for name in ("createdAt", "completedAt"))
        return (done - begun).total_seconds()


def load(receiver_url: str) -> tuple[dict[str, str], list[Tracked]]:
    """The tenants (name and description) and their jobs, webhooks directed to the receiver."""
    plan = json.loads(_FILE.read_text(encoding="utf-8"))
    return plan["tenants"], [Tracked(_announced(entry, receiver_url)) for entry in plan["jobs"]]


def judge(job: Tracked, *, ends: str, attempts: int | None = None) -> str | None:
    """None if the job ended as announced, else the sentence that says how it did not."""
    wanted = f"announced {ends}"
    if attempts is not None:
        wanted += f" after {_count(attempts)}"
    if not job.ended:
        return f"'{job.title}': {wanted}, but it is still {job.status or 'not submitted'}"
    if job.status != ends or attempts not in (None, job.attempts):
        error = job.view.get("lastError")
        said = f" ({error})" if error else ""
        return f"'{job.title}': {wanted}, but it is {job.status} after {_count(job.attempts)}{said}"
    return None


def judge_announced(jobs: list[Tracked]) -> list[str]:
    """A sentence for every job that did not end as announced."""
    verdicts = (judge(job, ends=job.announced.ends, attempts=job.announced.attempts) for job in jobs)
    return [verdict for verdict in verdicts if verdict]


def _announced(entry: dict[str, Any], receiver_url: str) -> Announced:
    body = {name: entry[name] for name in _BODY_FIELDS if name in entry}
    if "url" in body.get("payload", {}):
        body["payload"] = body["payload"] | {"url": body["payload"]["url"].replace("{receiver}", receiver_url)}
    return Announced(
        key=entry.get("key", ""),
        tenant=entry["tenant"],
        body=body,
        ends=entry["ends"],
        attempts=entry.get("attempts"),
        because=entry.get("because", ""),
    )


def _count(attempts: int) -> str:
    return f"{attempts} attempt" if attempts == 1 else f"{attempts} attempts"
