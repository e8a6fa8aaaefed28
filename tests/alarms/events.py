"""What API Gateway sends to functions, for those that are called past it: the emulator counts no other calls."""

import json

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
