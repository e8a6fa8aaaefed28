"""boto3 clients for the emulator: fixed fake credentials, no look at the caller's own AWS configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient

REGION = "us-east-1"
ACCOUNT = "000000000000"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION}


@overload
def client(
    service: Literal["cloudformation"], endpoint: str, *, read_timeout_seconds: float = ...
) -> CloudFormationClient: ...
@overload
def client(service: Literal["cloudwatch"], endpoint: str, *, read_timeout_seconds: float = ...) -> CloudWatchClient: ...
@overload
def client(service: Literal["lambda"], endpoint: str, *, read_timeout_seconds: float = ...) -> LambdaClient: ...
@overload
def client(
    service: Literal["events", "s3", "secretsmanager", "sqs", "ssm"],
    endpoint: str,
    *,
    read_timeout_seconds: float = ...,
) -> Any: ...
@overload
def client(service: Literal["logs"], endpoint: str, *, read_timeout_seconds: float = ...) -> CloudWatchLogsClient: ...
def client(service: str, endpoint: str, *, read_timeout_seconds: float = 10) -> object:
    """A client that never repeats a request by itself: an invocation sent twice would be two invocations."""
    session = boto3.session.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)  # noqa: S106
    config = Config(
        retries={"total_max_attempts": 1},
        connect_timeout=2,
        read_timeout=read_timeout_seconds,
        max_pool_connections=50,
        s3={"addressing_style": "path"},
        user_agent_extra="smartqueue-local",
    )
    return session.client(service, endpoint_url=endpoint, config=config)  # type: ignore[call-overload]
