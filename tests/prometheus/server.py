"""A real Prometheus server with a configuration, a folder and a port of its own, asked over its HTTP API."""

from __future__ import annotations

import math
import subprocess
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import httpx2
import yaml

from localstack.network import free_port
from localstack.paths import ROOT
from tests.e2e.waiting import wait_until
from tests.prometheus.board import RULES, SAMPLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

READY_SECONDS = 30
FETCH_SECONDS = 240


class Tools(NamedTuple):
    """Where the two programs are."""

    prometheus: str
    promtool: str

    def check(self, *arguments: str | Path) -> None:
        """Run promtool, which must be content."""
        ran = subprocess.run([self.promtool, *arguments], capture_output=True, text=True, timeout=60, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr


@cache
def find_tools() -> Tools:
    """Wherever bin/prometheus finds them; it says how to get them if they are nowhere."""
    found = subprocess.run(
        [ROOT / "bin/prometheus"], capture_output=True, text=True, timeout=FETCH_SECONDS, check=False
    )
    assert found.returncode == 0, found.stderr
    return Tools(*found.stdout.splitlines())


class Point(NamedTuple):
    """A sample: when, in seconds since 1970, and what."""

    at: float
    value: float


@dataclass(frozen=True)
class Series:
    """One series of an answer. labels: with `__name__`, if it has one."""

    labels: Mapping[str, str]
    points: tuple[Point, ...]

    @property
    def value(self) -> float:
        """The last value."""
        return self.points[-1].value


class PrometheusServer:
    """Runs inside `with`; scrapes `metrics_url` every second with the credential and takes what others write.

    It is configured by the sample of infra/prometheus, but for the address, the credential and the pace.
    """

    def __init__(self, folder: Path, *, metrics_url: str, credential: str, stage: str) -> None:
        self._folder = folder
        self._port = free_port()
        self._http = httpx2.Client(base_url=self.url, timeout=30, trust_env=False)
        self._process: subprocess.Popen[bytes] | None = None
        url = httpx2.URL(metrics_url)
        (folder / "token").write_text(credential, encoding="utf-8")
        configuration = yaml.safe_load(SAMPLE.read_text(encoding="utf-8"))
        [scrape] = configuration["scrape_configs"]
        scrape |= {"scheme": url.scheme, "metrics_path": url.path, "scrape_interval": "1s", "scrape_timeout": "1s"}
        scrape["authorization"]["credentials_file"] = str(folder / "token")
        scrape["static_configs"] = [{"targets": [f"{url.host}:{url.port}"], "labels": {"stage": stage}}]
        (folder / "prometheus.yml").write_text(yaml.safe_dump(configuration), encoding="utf-8")
        # The rules as they are, only evaluated sooner.
        rules = yaml.safe_load(RULES.read_text(encoding="utf-8"))
        for group in rules["groups"]:
            group["interval"] = "1s"
        [rules_name] = configuration["rule_files"]
        (folder / rules_name).write_text(yaml.safe_dump(rules), encoding="utf-8")

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def remote_write_url(self) -> str:
        """Where it takes samples from others."""
        return f"{self.url}/api/v1/write"

    def __enter__(self) -> Self:
        command = [
            find_tools().prometheus,
            f"--config.file={self._folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={self._folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self._port}",
            "--web.enable-remote-write-receiver",
            "--log.level=warn",
        ]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        wait_until(self._is_ready, "a Prometheus that answers", seconds=READY_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()
        if self._process is not None:
            self._process.terminate()
            self._process.wait(READY_SECONDS)

    def query(self, expression: str, *, at: float | None = None) -> list[Series]:
        """The series that an expression gives at a moment (None: now); a range expression gives all its samples."""
        moment = {} if at is None else {"time": f"{at:.3f}"}
        return list(_series(self.get("query", query=expression, **moment)))

    def get(self, path: str, **parameters: str) -> Any:
        """What another operation of the HTTP API answers."""
        answer = self._http.get(f"/api/v1/{path}", params=parameters)
        assert answer.status_code == httpx2.codes.OK, f"{parameters}: {answer.text}"
        return answer.json()["data"]

    @property
    def _log(self) -> Path:
        return self._folder / "prometheus.log"

    def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self._log.read_text(encoding="utf-8")
        try:
            return self._http.get("/-/ready").is_success
        except httpx2.TransportError:
            return False


def _series(data: dict[str, Any]) -> Iterator[Series]:
    for found in data["result"]:
        pairs = found["values"] if "values" in found else [found["value"]]
        yield Series(found["metric"], tuple(Point(float(at), float(value)) for at, value in pairs))


def is_same(one: float | None, other: float | None) -> bool:
    """Whether two results are the same: none at all, not a number, or equal but for the last digits."""
    if one is None or other is None:
        return one is other
    return (math.isnan(one) and math.isnan(other)) or math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
