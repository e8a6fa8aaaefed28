"""Enqueues jobs with the peer that is named, in one process, and prints as JSON what that took.

Runs in the peers' environments: standard library only. A peer's module has `opened`, an async context manager that
gives a Queue.
"""

import argparse
import asyncio
import importlib
import json
import time
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from bench.peers.programs.job import payload

# Where bulk APIs have stopped gaining and a call is still small.
JOBS_IN_CALL = 500


class Queue(Protocol):
    """A peer, ready to be given jobs."""

    async def one(self, content: str) -> object:
        """Enqueue one job, and return when the broker has it."""

    async def many(self, contents: list[str]) -> object:
        """Enqueue several jobs in one call."""


class Peer(Protocol):
    """A module of this folder that belongs to a peer."""

    @staticmethod
    def opened() -> AbstractAsyncContextManager[Queue]:
        """Connect to the broker that BENCH_BROKER names."""


async def singles(queue: Queue, first: int, count: int) -> dict[str, Any]:
    """Enqueue one after the other, as fast as it goes."""
    contents = list(map(payload, range(first, first + count)))
    started = time.perf_counter()
    for content in contents:
        await queue.one(content)
    return {"seconds": time.perf_counter() - started}


async def bulk(queue: Queue, first: int, count: int) -> dict[str, Any]:
    """Enqueue with the peer's call for many."""
    contents = list(map(payload, range(first, first + count)))
    started = time.perf_counter()
    for start in range(0, count, JOBS_IN_CALL):
        await queue.many(contents[start : start + JOBS_IN_CALL])
    return {"seconds": time.perf_counter() - started}


async def paced(queue: Queue, first: int, count: int, per_second: float) -> dict[str, Any]:
    """Enqueue at a steady rate; return when each call began, by the clock that all processes share."""
    # The first call connects, or fills the pool: that is not what a job waits for.
    await queue.one(payload(first))
    began: dict[int, int] = {}
    started = time.monotonic()
    for number in range(first + 1, first + 1 + count):
        await asyncio.sleep(max(started + len(began) / per_second - time.monotonic(), 0))
        began[number] = time.monotonic_ns()
        await queue.one(payload(number))
    return {"began": began}


async def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer")
    parser.add_argument("how", choices=["singles", "bulk", "paced"])
    parser.add_argument("--first", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--per-second", type=float, default=20.0)
    arguments = parser.parse_args()
    module: Any = importlib.import_module(f"bench.peers.programs.{arguments.peer}_app")
    peer: Peer = module
    async with peer.opened() as queue:
        match arguments.how:
            case "singles":
                took = await singles(queue, arguments.first, arguments.count)
            case "bulk":
                took = await bulk(queue, arguments.first, arguments.count)
            case _:
                took = await paced(queue, arguments.first, arguments.count, arguments.per_second)
    print(json.dumps(took))


if __name__ == "__main__":
    asyncio.run(main())
