"""Clients for AWS, made by botocore alone.

boto3 would add a fifth to what botocore costs at a cold start, for conveniences that nobody here uses. The layer holds
the descriptions of the services named here and of no others: see SERVICES in infra/cdk/components/trim.py.
"""

from functools import cache
from typing import Any, Literal

from smartqueue.lean_imports import lean

Service = Literal["s3", "secretsmanager"]


@cache
def aws_client(service: Service) -> Any:
    """Return this execution environment's client, with the region and the credentials that Lambda gives it."""
    # 60 ms of CPU that only those who call AWS pay, and without what writes botocore's manual.
    with lean("botocore.docs"):
        from botocore.session import get_session  # noqa: PLC0415

    return get_session().create_client(service)
