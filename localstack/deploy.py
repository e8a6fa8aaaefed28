"""Synthesises the CDK app once per content, and deploys it into the emulator with the ordinary `cdk` command."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from localstack.aws import ACCOUNT, CREDENTIALS, REGION, client
from localstack.endpoints import STAGE, Endpoints
from localstack.errors import DeployError
from localstack.paths import CDK_APP, CDK_COMMAND, ROOT
from localstack.process import clean_environment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_SOURCES = ("functions", "layers", "infra/cdk", "requirements")
_IGNORED = {"node_modules", "cdk.out", "__pycache__"}
STACKS = f"SmartQueue-{STAGE}-{{Data,Service,Observability}}"
_DATA_STACK = f"SmartQueue-{STAGE}-Data"
_FINGERPRINT = f"/smartqueue/{STAGE}/deployed"
# Where the CDK's synthesizers expect assets; with it in place `cdk bootstrap` is not needed.
_ASSETS_BUCKET = f"cdk-hnb659fds-assets-{ACCOUNT}-{REGION}"
_OLDEST_NODE = 20
_KEPT_OUTPUT_LINES = 40


@dataclass(frozen=True)
class Assembly:
    """A synthesised app: its folder, and the hash of the sources and context that made it."""

    folder: Path
    fingerprint: str


def check_tools() -> None:
    """Raise DeployError when Node.js or the cdk command is missing or too old."""
    node = shutil.which("node")
    if node is None:
        raise DeployError(
            "Node.js is missing and the AWS CDK needs it: install Node.js 22 or newer (https://nodejs.org)."
        )
    version = subprocess.run([node, "--version"], check=True, capture_output=True, text=True).stdout.strip()
    if int(version.lstrip("v").partition(".")[0]) < _OLDEST_NODE:
        raise DeployError(f"Node.js {version} is too old for the AWS CDK: install Node.js 22 or newer.")
    if not CDK_COMMAND.exists():
        raise DeployError(f"The cdk command is missing ({CDK_COMMAND}): run `make setup`.")


def source_hash(root: Path = ROOT, extra: str = "") -> str:
    """A hash of everything that the synthesised app is made of."""
    digest = hashlib.sha256(extra.encode())
    for file in sorted(_files(root)):
        digest.update(f"{file.relative_to(root)}\0{file.stat().st_size}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _files(root: Path) -> Iterable[Path]:
    for source in _SOURCES:
        for folder, names, files in (root / source).walk():
            names[:] = [name for name in names if name not in _IGNORED]
            paths = (folder / file for file in files if not file.endswith(".pyc"))
            # `walk` lists a link to a folder among the files.
            yield from (path for path in paths if path.is_file())


def synthesise(home: Path, *, context: Mapping[str, str]) -> Assembly:
    """The app as a cloud assembly, from the cache when nothing has changed. Raises DeployError."""
    fingerprint = source_hash(extra=json.dumps(context, sort_keys=True))
    cache = home / "assemblies"
    folder = cache / fingerprint
    if not (folder / "manifest.json").exists():
        shutil.rmtree(cache, ignore_errors=True)
        draft = cache / f"{fingerprint}.new"
        draft.mkdir(parents=True)
        options = [part for name, value in context.items() for part in ("--context", f"{name}={value}")]
        _cdk(
            ["synth", "--quiet", "--no-validation", "--output", str(draft), *options],
            home=home,
            environment=CREDENTIALS,
            doing="synth",
        )
        draft.replace(folder)
    return Assembly(folder, fingerprint)


def parameters(inside: Endpoints, *, openai_api_key: str, openai_base_url: str) -> dict[str, str]:
    """The data stack's parameters, from the addresses as functions see them."""
    cache_host, _, cache_port = inside.cache.rpartition(":")
    return {
        "DatabaseHost": inside.database_host,
        "DatabasePort": str(inside.database_port),
        "DatabaseOwnerPassword": inside.database_password,
        "KafkaBootstrap": inside.kafka.bootstrap,
        "KafkaSecurity": inside.kafka.security,
        "KafkaUsername": inside.kafka.username or "none",
        "KafkaPassword": inside.kafka.password or "none",
        "KafkaCaFile": inside.kafka.ca_file,
        "CacheHost": cache_host,
        "CachePort": cache_port,
        "OpenAiApiKey": openai_api_key or "none",
        "OpenAiBaseUrl": openai_base_url,
    }


class Deployment:
    """Deploys one assembly with its parameters to one endpoint."""

    def __init__(self, assembly: Assembly, values: Mapping[str, str], *, endpoint: str, home: Path) -> None:
        self._assembly = assembly
        self._values = dict(values)
        self._endpoint = endpoint
        self._home = home
        wanted = json.dumps([assembly.fingerprint, self._values], sort_keys=True)
        self._fingerprint = hashlib.sha256(wanted.encode()).hexdigest()
        self._store = client("ssm", endpoint)

    def is_current(self) -> bool:
        """True when the emulator itself says that exactly this was deployed to it."""
        try:
            answer = self._store.get_parameter(Name=_FINGERPRINT)
        except ClientError:
            return False
        return bool(answer["Parameter"].get("Value") == self._fingerprint)

    def run(self) -> float:
        """Deploy all stacks. Returns the seconds it took; raises DeployError."""
        started = time.monotonic()
        self._store.put_parameter(Name=_FINGERPRINT, Value="unfinished", Type="String", Overwrite=True)
        self._make_bucket()
        options = [
            part for name, value in self._values.items() for part in ("--parameters", f"{_DATA_STACK}:{name}={value}")
        ]
        _cdk(
            ["deploy", "--all", "--app", str(self._assembly.folder), "--require-approval", "never", *options],
            home=self._home,
            environment={
                **CREDENTIALS,
                "AWS_ENDPOINT_URL": self._endpoint,
                "AWS_ENDPOINT_URL_S3": self._endpoint,
                "AWS_EC2_METADATA_DISABLED": "true",
            },
            doing="deploy",
        )
        self._store.put_parameter(Name=_FINGERPRINT, Value=self._fingerprint, Type="String", Overwrite=True)
        return time.monotonic() - started

    def _make_bucket(self) -> None:
        buckets = client("s3", self._endpoint)
        try:
            buckets.head_bucket(Bucket=_ASSETS_BUCKET)
        except ClientError:
            buckets.create_bucket(Bucket=_ASSETS_BUCKET)


def _cdk(arguments: list[str], *, home: Path, environment: Mapping[str, str], doing: str) -> None:
    log = home / "logs" / f"cdk-{doing}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    tools = clean_environment(
        HOME=str(home / "cdk-home"),
        JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION="1",
        CDK_DISABLE_VERSION_CHECK="1",
        CDK_DISABLE_CLI_TELEMETRY="true",
        CI="1",
        NO_COLOR="1",
    )
    tools["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{tools.get('PATH', os.defpath)}"
    (home / "cdk-home").mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as output:
        finished = subprocess.run(
            [str(CDK_COMMAND), *arguments],
            check=False,
            cwd=CDK_APP,
            env={**tools, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    if finished.returncode != 0:
        said = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-_KEPT_OUTPUT_LINES:])
        raise DeployError(f"`cdk {doing}` failed. Its last lines (all of them are in {log}):\n{said}")
