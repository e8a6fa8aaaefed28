"""The answer that CloudFormation waits for when a custom resource was created, updated or deleted.

Protocol: docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
"""

from typing import Any, Literal

import httpx2

ANSWER_TIMEOUT_SECONDS = 10.0


def send_answer(
    event: dict[str, Any], status: Literal["SUCCESS", "FAILED"], *, reason: str = "", data: dict[str, str] | None = None
) -> None:
    """PUT the answer to the URL that the event brought. Raises httpx2.HTTPError."""
    body = {
        "Status": status,
        "Reason": reason or "see the function's log",
        "PhysicalResourceId": event.get("PhysicalResourceId") or "smartqueue-schema",
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "Data": data or {},
    }
    # The URL is presigned for an empty content type.
    httpx2.put(
        event["ResponseURL"], json=body, headers={"Content-Type": ""}, timeout=ANSWER_TIMEOUT_SECONDS
    ).raise_for_status()
