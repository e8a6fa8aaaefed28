"""A soak's result: what is wrong with it, and what docs/guarantees.md shows of it."""

import os
import platform
from datetime import UTC, datetime

from tests.faults.soak import ALLOWED_RATIO, PERCENTILES, SoakResult

SOAK_BEGIN, SOAK_END = "<!-- soak: written by bin/faults soak -->", "<!-- end of soak -->"
PARTS = {
    "solo": "the quiet tenants alone",
    "flood": "a third tenant floods",
    "faults": "the flood, and random faults",
}


def judge(result: SoakResult) -> list[str]:
    """Return what a good soak must not have."""
    problems = list(result.violations)
    problems += [
        f"the quiet tenants' p{rank} beside the flood is {result.ratio(rank):.2f} times their own"
        for rank in PERCENTILES
        if result.ratio(rank) > ALLOWED_RATIO
    ]
    problems += [
        f"{reading.name} ({reading.pid}) grew from {reading.before} to {reading.after} MB"
        for reading in result.memory
        if not reading.is_flat
    ]
    if not result.memory:
        problems.append("no process lived long enough to tell of its memory")
    return problems


def render_soak(result: SoakResult, *, seed: int, versions: str) -> str:
    """Return the tables with the day, the machine and the seed."""
    what = (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {versions}, Python {platform.python_version()},"
        f" seed {seed}: {result.took_seconds:.0f} s, {result.jobs} jobs, {result.lost} lost, {result.strikes} faults,"
        f" {len(result.violations)} broken promises."
    )
    lines = [
        what,
        "",
        "| accepted to done, quiet tenants | jobs | p50 | p95 | against alone |",
        "|---|--:|--:|--:|--:|",
    ]
    solo = result.latencies["solo"]
    for part, title in PARTS.items():
        found = result.latencies[part]
        p50, p95 = (found.percentile(rank) for rank in PERCENTILES)
        against = f"{p50 / solo.percentile(50):.2f}x / {p95 / solo.percentile(95):.2f}x"
        lines.append(f"| {title} | {len(found.seconds)} | {p50:.3f} s | {p95:.3f} s | {against} |")
    lines += ["", "| process | memory after warming up | at the end of the flood |", "|---|--:|--:|"]
    lines += [f"| {r.name} | {r.before:.0f} MB | {r.after:.0f} MB |" for r in result.memory]
    return "\n".join(lines) + "\n"
