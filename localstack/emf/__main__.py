"""`python -m localstack.emf`: the forwarder as a process of its own, until SIGTERM."""

from __future__ import annotations

import argparse
import logging
import signal
import threading
from pathlib import Path

from localstack.emf.forwarder import Forwarder


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m localstack.emf", description=__doc__)
    parser.add_argument("--endpoint", required=True, help="the emulator, http://host:port")
    parser.add_argument("--cursor", type=Path, required=True, help="the file that remembers how far it has read")
    parser.add_argument("--prefix", default="/aws/lambda/", help="the log groups to read")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    halt = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: halt.set())
    Forwarder(endpoint=arguments.endpoint, prefix=arguments.prefix, cursor=arguments.cursor).run(halt)


if __name__ == "__main__":
    main()
