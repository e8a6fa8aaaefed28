"""Measures the fallback classifier on the labelled tickets: accuracy, confusion matrices and time per ticket.

The checking half stands for tickets the rules have never seen: only sums of it are printed, and every run on it
belongs in docs/classifier.md.
"""

import argparse
import json
import math
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "layers/common/python")]

from functions.classify.classification import CATEGORIES, PRIORITIES  # noqa: E402 - found through the path above
from functions.classify.rules import classify_by_rules  # noqa: E402

DATA = ROOT / "tests/data"
TUNING = DATA / "tickets_tuning.jsonl"
CHECKING = DATA / "tickets_checking.jsonl"
Z_95 = 1.96


class Measurement(NamedTuple):
    """How one file was judged: (label, verdict) pairs for both questions, titles of wrong ones, seconds in all."""

    categories: Counter[tuple[str, str]]
    priorities: Counter[tuple[str, str]]
    wrong: list[str]
    seconds: float


def main() -> None:
    """Parse the arguments and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--files",
        nargs="+",
        type=Path,
        default=[TUNING],
        help="JSON lines with title, description, category and priority (default: the tuning half)",
    )
    parser.add_argument(
        "--checking", action="store_true", help="also judge the checking half; note the run in the docs"
    )
    parser.add_argument("--wrong", action="store_true", help="list titles judged wrongly, never checking ones")
    arguments = parser.parse_args()
    for path in [*arguments.files, *([CHECKING] if arguments.checking else [])]:
        measurement = measure(path)
        report(path, measurement)
        if arguments.wrong and path.resolve() != CHECKING:
            _write(*(f"  wrong: {title}" for title in measurement.wrong))


def measure(path: Path) -> Measurement:
    """Judge every ticket of a file."""
    tickets = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    classify_by_rules("warm up", "")
    categories: Counter[tuple[str, str]] = Counter()
    priorities: Counter[tuple[str, str]] = Counter()
    wrong: list[str] = []
    seconds = 0.0
    for ticket in tickets:
        started = time.perf_counter()
        verdict = classify_by_rules(ticket["title"], ticket["description"])
        seconds += time.perf_counter() - started
        categories[ticket["category"], verdict.category] += 1
        priorities[ticket["priority"], verdict.priority] += 1
        if (verdict.category, verdict.priority) != (ticket["category"], ticket["priority"]):
            wrong.append(ticket["title"])
    return Measurement(categories, priorities, wrong, seconds)


def accuracy(confusion: Counter[tuple[str, str]]) -> float:
    """Return the share of verdicts that equal the label."""
    return sum(count for (label, verdict), count in confusion.items() if label == verdict) / confusion.total()


def interval(share: float, count: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share that was measured on `count` tickets."""
    square = Z_95**2 / count
    middle = (share + square / 2) / (1 + square)
    half = Z_95 * math.sqrt(share * (1 - share) / count + square / (4 * count)) / (1 + square)
    return middle - half, middle + half


def report(path: Path, measurement: Measurement) -> None:
    """Print the sums of one file."""
    count = measurement.categories.total()
    _write(f"{path.name}: {count} tickets, {1000 * measurement.seconds / count:.2f} ms per ticket")
    for name, confusion, labels in (
        ("category", measurement.categories, CATEGORIES),
        ("priority", measurement.priorities, PRIORITIES),
    ):
        share = accuracy(confusion)
        low, high = interval(share, count)
        _write(f"  {name}: {share:.1%} right (95 % interval {low:.1%} to {high:.1%})", *_matrix(confusion, labels))


def _matrix(confusion: Counter[tuple[str, str]], labels: Sequence[str]) -> list[str]:
    head = f"    {'label, judged as:':<18}" + "".join(f"{verdict:>16}" for verdict in labels)
    rows = [f"    {label:<18}" + "".join(f"{confusion[label, verdict]:>16}" for verdict in labels) for label in labels]
    return [head, *rows]


def _write(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))


if __name__ == "__main__":
    main()
