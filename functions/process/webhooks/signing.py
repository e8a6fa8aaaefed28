"""What a webhook says and how it is signed, by the rules of Standard Webhooks (standardwebhooks.com).

A receiver checks it with any Standard Webhooks library, in Python: `Webhook(secret).verify(body, headers)`, where
`body` is the bytes as they came. It should remember `webhook-id` for as long as it cares about repetitions: a
message that comes twice has the same one, and the same bytes.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from smartqueue.job_types.base import RunningJob


def encode_event(*, job: RunningJob, event_type: str, data: Mapping[str, Any]) -> bytes:
    """Return the body: compact JSON whose `timestamp` is when the job was submitted.

    The time comes from the job's id, a UUIDv7, and not from a clock: so every delivery of an attempt has the same
    bytes. Raises ValueError for another kind of id, or for numbers that JSON has not.
    """
    submitted_at = datetime.fromtimestamp((UUID(job.job_id).int >> 80) / 1000, UTC)
    timestamp = submitted_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    event = {"type": event_type, "timestamp": timestamp, "data": dict(data)}
    return json.dumps(event, separators=(",", ":"), allow_nan=False).encode()


def sign_event(secret: str, *, message_id: str, sent_at: datetime, body: bytes) -> dict[str, str]:
    """Return the three headers that let the owner of `secret` (`whsec_...`) verify `body` and its age."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    timestamp = str(int(sent_at.timestamp()))
    signature = hmac.digest(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": "v1," + base64.b64encode(signature).decode(),
    }
