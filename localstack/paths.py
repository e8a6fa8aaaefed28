"""Where things are: the project's own folders, and the folder that holds the local cloud's data."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CDK_APP = ROOT / "infra" / "cdk"
CDK_COMMAND = CDK_APP / "node_modules" / ".bin" / "cdk"
LAMBDA_RUNTIME = ROOT / ".local" / "lambda-runtime"


def home() -> Path:
    """The data folder: SMARTQUEUE_HOME, or .local/cloud in the project."""
    return Path(os.environ.get("SMARTQUEUE_HOME") or ROOT / ".local" / "cloud").resolve()
