"""`python -m localstack.trigger`: the MSK trigger as a process of its own, until SIGTERM."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import threading
from dataclasses import replace
from pathlib import Path

from localstack.kafka_client import KafkaAccess
from localstack.services.kafka import quiet_client_logs
from localstack.trigger.supervisor import Supervisor
from smartqueue.failpoints import arm


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m localstack.trigger", description=__doc__)
    parser.add_argument("--endpoint", required=True, help="the emulator, http://host:port")
    parser.add_argument(
        "--bootstrap",
        required=True,
        help="the Kafka broker, host:port; a login comes in the environment",
    )
    parser.add_argument("--locks", type=Path, required=True, help="folder for one lock file per consumer group")
    parser.add_argument("--mapping", type=Path, help="a JSON file with the mappings, instead of the deployed stacks")
    parser.add_argument("--failpoints", type=Path, help="for crash tests: the folder with orders to break")
    parser.add_argument("--lag-seconds", type=float, default=10, help="how often the groups' lag is measured")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    quiet_client_logs()
    arm(arguments.failpoints, function="trigger")
    halt = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: halt.set())
    Supervisor(
        endpoint=arguments.endpoint,
        kafka=replace(KafkaAccess.from_environment(os.environ), bootstrap=arguments.bootstrap),
        locks=arguments.locks,
        mapping_file=arguments.mapping,
        lag_seconds=arguments.lag_seconds,
    ).run(halt)


if __name__ == "__main__":
    main()
