"""How long a job takes on the running local cloud: from POST to 201, and from there to its end.

Needs `make up`. Founds a tenant of its own; sends a bounded number of simulated jobs that do nothing, so that what is
measured is the road and not the work. Some go first unmeasured, so that cold starts are left out. Figures of an
emulator on one machine: good for comparing two commits, not for promising anything about AWS.
"""

import argparse
import asyncio
import statistics
import subprocess
import sys
import time
import uuid
from datetime import datetime
from pathlib import Path

import httpx2

CLI = Path(sys.executable).with_name("smartqueue-local")
LOOPBACK = ("http://127.0.0.1:", "http://localhost:")
WARM_UP_JOBS = 10
JOBS = range(2, 5001)
CALLERS = range(1, 65)
END_TIMEOUT_SECONDS = 120
REQUEST_TIMEOUT_SECONDS = 30


async def register(client: httpx2.AsyncClient) -> None:
    """Found a tenant and use its token from now on."""
    name = f"bench-{uuid.uuid4().hex[:10]}"
    body = {"username": name, "password": uuid.uuid4().hex, "tenantId": name}
    answer = await client.post("/auth/register", json=body)
    answer.raise_for_status()
    client.headers["Authorization"] = f"Bearer {answer.json()['token']}"


async def submit(client: httpx2.AsyncClient, jobs: int, callers: int) -> list[float]:
    """Submit jobs with so many callers at once; return how long each answer took, in seconds."""
    limit = asyncio.Semaphore(callers)

    async def one(number: int) -> float:
        async with limit:
            body = {"title": f"bench {number}", "type": "simulate", "payload": {"durationSeconds": 0}}
            started = time.perf_counter()
            (await client.post("/jobs", json=body)).raise_for_status()
            return time.perf_counter() - started

    return list(await asyncio.gather(*map(one, range(jobs))))


async def wait_for_all(client: httpx2.AsyncClient, jobs: int) -> list[float]:
    """Return how long each job took from its row to its end, in seconds, once all have ended."""
    deadline = time.monotonic() + END_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        seconds: list[float] = []
        query: dict[str, str] | None = {"status": "COMPLETED", "limit": "100"}
        while query is not None:
            page = (await client.get("/jobs", params=query)).raise_for_status().json()
            seconds += [duration(j["createdAt"], j["completedAt"]) for j in page["items"]]
            query = {**query, "cursor": page["nextCursor"]} if page["nextCursor"] else None
        if len(seconds) == jobs:
            return seconds
        await asyncio.sleep(0.5)
    raise SystemExit(f"only {len(seconds)} of {jobs} jobs had ended after {END_TIMEOUT_SECONDS} seconds")


def duration(start: str, end: str) -> float:
    """Return the seconds between two RFC 3339 times."""
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


def describe(name: str, seconds: list[float]) -> str:
    """Return one line of milliseconds."""
    cuts = statistics.quantiles(seconds, n=100)
    return f"{name:<14} p50 {cuts[49] * 1e3:7.1f} ms   p95 {cuts[94] * 1e3:7.1f} ms   p99 {cuts[98] * 1e3:7.1f} ms"


async def measure(url: str, jobs: int, callers: int) -> None:
    """Run the benchmark and print what it found."""
    limits = httpx2.Limits(max_connections=callers)
    async with httpx2.AsyncClient(base_url=url, timeout=REQUEST_TIMEOUT_SECONDS, limits=limits) as client:
        await register(client)
        warm = WARM_UP_JOBS * callers
        await submit(client, warm, callers)
        await wait_for_all(client, warm)
        started = time.perf_counter()
        answers = await submit(client, jobs, callers)
        took = time.perf_counter() - started
        ends = (await wait_for_all(client, warm + jobs))[:jobs]
    print(f"{jobs} jobs, {callers} callers: {jobs / took:.0f} submitted a second")
    print(describe("POST to 201", answers))
    print(describe("row to end", ends))


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=300, help=f"how many, at most {JOBS[-1]} (default: 300)")
    parser.add_argument("--callers", type=int, default=4, help="how many at once (default: 4)")
    arguments = parser.parse_args()
    url = subprocess.run([CLI, "url"], check=True, capture_output=True, text=True).stdout.strip()
    if not url.startswith(LOOPBACK):
        parser.error(f"this benchmark only loads this machine, not {url}")
    if arguments.jobs not in JOBS or arguments.callers not in CALLERS:
        parser.error(f"--jobs must be {JOBS[0]} to {JOBS[-1]}, --callers {CALLERS[0]} to {CALLERS[-1]}")
    asyncio.run(measure(url, arguments.jobs, arguments.callers))


if __name__ == "__main__":
    main()
