"""The job that every section submits: it does nothing, and carries 300 bytes."""

from collections.abc import Mapping
from typing import Any

TITLE = "bench"
DESCRIPTION = ("a job that does nothing but travel the whole road; " * 7)[:300]
JOB_BODY: Mapping[str, Any] = {
    "title": TITLE,
    "description": DESCRIPTION,
    "type": "simulate",
    "payload": {"durationSeconds": 0},
}
