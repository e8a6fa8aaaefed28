"""The peers' virtual environments: made on first use, and again when their lock or the interpreter changes."""

import hashlib
import os
import platform
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.environment import BenchError

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ROOT / "requirements" / "bench"
VENVS = ROOT / ".local" / "bench" / "peers"
INSTALL_TIMEOUT_SECONDS = 300


@dataclass(frozen=True)
class Venv:
    """The environment of the lock of that name."""

    name: str

    @property
    def lock(self) -> Path:
        """What belongs into it."""
        return LOCKS / f"{self.name}.lock"

    @property
    def folder(self) -> Path:
        """Where it is."""
        return VENVS / self.name

    def program(self, name: str) -> Path:
        """Return the path of one of its commands."""
        return self.folder / "bin" / name

    def versions(self, *packages: str) -> dict[str, str]:
        """Return the versions of packages, as locked."""
        locked = dict(re.findall(r"^([a-z0-9-]+)==([^ ;]+)", self.lock.read_text(encoding="utf-8"), re.MULTILINE))
        return {package: locked[package] for package in packages}

    def make(self) -> None:
        """Make it if it is not what the lock says. Raises BenchError if it cannot be made."""
        wanted = hashlib.sha256(self.lock.read_bytes()).hexdigest() + platform.python_version()
        stamp = self.folder / "made-from"
        if stamp.exists() and stamp.read_text(encoding="ascii") == wanted:
            return
        print(f"peers: libraries of {self.name} from {self.lock.relative_to(ROOT)}", flush=True)
        # uv follows an environment's interpreter to the one that it was made from.
        self._uv("venv", "--clear", "--python", sys.executable, str(self.folder))
        python = str(self.program("python"))
        self._uv("pip", "install", "--python", python, "--require-hashes", "--compile-bytecode", "-r", str(self.lock))
        stamp.write_text(wanted, encoding="ascii")

    def _uv(self, *arguments: str) -> None:
        uv = Path(sys.executable).with_name("uv")
        environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
        try:
            subprocess.run(
                [uv, "--quiet", *arguments],
                cwd=ROOT,
                env=environment,
                capture_output=True,
                text=True,
                timeout=INSTALL_TIMEOUT_SECONDS,
                check=True,
            )
        except subprocess.CalledProcessError as error:
            raise BenchError(f"the environment of {self.name} could not be made: {error.stderr.strip()}") from error
        except subprocess.TimeoutExpired as error:
            raise BenchError(f"the environment of {self.name} was not made within {error.timeout} seconds") from error
