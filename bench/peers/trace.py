"""Which jobs ran, and when: the lines that `bench.peers.programs.job` leaves, a file for each process."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from bench.peers.programs.job import NUMBER_DIGITS

# A number, a space, a moment of twenty digits, the end of the line: so that a file's size tells how many there are.
LINE_BYTES = NUMBER_DIGITS + 22


@dataclass(frozen=True)
class Trace:
    """A folder for the lines of one measurement."""

    folder: Path

    def count(self) -> int:
        """Return how many runs there were so far, repeats too."""
        return sum(path.stat().st_size for path in self.folder.glob("*.lines")) // LINE_BYTES

    def processes(self) -> list[list[tuple[int, int]]]:
        """Return (number of the job, nanoseconds) of every run, in order, process by process."""
        return [runs for path in self.folder.glob("*.lines") if (runs := _parse(path))]

    def moments(self) -> dict[int, int]:
        """Return when each job ran first."""
        moments: dict[int, int] = {}
        for number, moment in (run for runs in self.processes() for run in runs):
            moments[number] = min(moment, moments.get(number, moment))
        return moments

    def last(self) -> float:
        """Return when the last run of all was, on the monotonic clock."""
        return max(moment for runs in self.processes() for _, moment in runs) / 1e9

    def times_run(self) -> Counter[int]:
        """Return how often each job ran."""
        return Counter(number for runs in self.processes() for number, _ in runs)


def _parse(path: Path) -> list[tuple[int, int]]:
    lines = path.read_text(encoding="ascii").splitlines()
    return [(int(line[:NUMBER_DIGITS]), int(line[NUMBER_DIGITS:])) for line in lines]
