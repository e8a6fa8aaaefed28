"""What is sent on the day: jobs to the API, and events past it, as the emulator counts no calls through it."""

import json
from typing import Any

INSTANT: dict[str, Any] = {"type": "simulate", "payload": {"durationSeconds": 0}}
FAILING: dict[str, Any] = {
    "type": "simulate",
    "payload": {"durationSeconds": 0, "failTimes": 100, "failure": "permanent"},
}
REFUSED = json.dumps(
    {
        "type": "TOKEN",
        "authorizationToken": "Bearer made-up",
        "methodArn": "arn:aws:execute-api:us-east-1:000000000000:smartqueue/v1/GET/jobs",
    }
).encode()
LOGIN = json.dumps(
    {
        "httpMethod": "POST",
        "resource": "/auth/login",
        "path": "/auth/login",
        "headers": {"Content-Type": "application/json"},
        "multiValueHeaders": {"Content-Type": ["application/json"]},
        "body": json.dumps({"username": "nobody", "password": "correct horse battery"}),
        "isBase64Encoded": False,
        "requestContext": {"requestId": "1"},
    }
).encode()
