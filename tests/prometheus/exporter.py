"""The export function, run as Lambda would: in a process of its own, with nothing but its settings."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from localstack.aws import CREDENTIALS
from localstack.paths import ROOT

if TYPE_CHECKING:
    from tests.e2e.cloud import LocalCloud

PROGRAM = """
from types import SimpleNamespace
from functions.export.handler import lambda_handler
lambda_handler({}, SimpleNamespace(aws_request_id="one-minute"))
"""
SECONDS = 60


def export(
    cloud: LocalCloud, *, stage: str, remote_write_url: str, metrics_path: str = "metrics"
) -> subprocess.CompletedProcess[str]:
    """Export the cloud's metrics once, as those of `stage`, and return how that went."""
    settings = {
        "STAGE": stage,
        "METRICS_URL": f"{cloud.endpoints.api_url}/{metrics_path}",
        "METRICS_SECRET_ID": "smartqueue/local/metrics-credential",
        "REMOTE_WRITE_URL": remote_write_url,
        "POWERTOOLS_SERVICE_NAME": "export",
        "POWERTOOLS_METRICS_NAMESPACE": "SmartTaskQueue",
        "AWS_ENDPOINT_URL": cloud.endpoints.aws,
        "AWS_EC2_METADATA_DISABLED": "true",
        **CREDENTIALS,
    }
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        env={**kept, **settings},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
