"""What a SIGKILL of all workers in the middle of a drain costs, when they are started again at once.

All peers are waited for at the same time: what takes long is only that the restarted workers, who have nothing left
to do, believe that the killed ones are dead.
"""

import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.peers.brokers import Broker
from bench.peers.catalogue import Peer
from bench.peers.processes import Programs, Workers
from bench.peers.rates import DRAIN_TIMEOUT_SECONDS, Sizes, wait_until
from bench.peers.trace import Trace

POLL_SECONDS = 0.25
# What was acknowledged before it ran may still be running when the broker knows of nothing more to do.
SETTLE_SECONDS = 0.5


@dataclass(frozen=True, kw_only=True)
class Cost:
    """jobs: how many there were. lost: did not run, and the broker has forgotten them. twice: ran more than once.

    waiting: the broker still has them, and let nobody finish them for as long as was waited. seconds: from the kill
    until the last job ran, or, unless all was done, until waiting ended.
    """

    jobs: int
    lost: int
    twice: int
    waiting: int
    seconds: float
    done: bool


class Crash:
    """One peer's workers, killed and started again."""

    def __init__(self, peer: Peer, programs: Programs, broker: Broker, folder: Path) -> None:
        self.peer = peer
        self._programs = programs
        self._broker = broker
        self._trace = Trace(folder)
        self._jobs = 0
        self._killed = 0.0
        self._cost: Cost | None = None

    def happen(self, sizes: Sizes, stack: ExitStack) -> None:
        """Fill the queue, kill the workers when half is done, and start them again. Raises BenchError.

        stack: ends them.
        """
        folder = self._trace.folder
        folder.mkdir(parents=True)
        self._broker.clear()
        how = "bulk" if sizes.bulk else "singles"
        self._jobs = sizes.bulk or sizes.singles
        self._programs.enqueue(how, first=0, count=self._jobs, trace=folder)
        self._broker.settle()
        workers: Workers = stack.enter_context(self._programs.workers(self.peer.workers, trace=folder))
        wait_until(lambda: self._trace.count() >= self._jobs // 2, workers, DRAIN_TIMEOUT_SECONDS)
        workers.kill()
        self._killed = time.monotonic()
        workers.start()

    def look(self, patience_seconds: float) -> bool:
        """Tell whether there is nothing more to wait for."""
        if self._cost:
            return True
        waiting = self._broker.unfinished()
        looked = time.monotonic()
        if not waiting:
            time.sleep(SETTLE_SECONDS)
            self._cost = self._count([], self._trace.last() - self._killed, done=True)
        elif looked - self._killed > patience_seconds:
            self._cost = self._count(waiting, looked - self._killed, done=False)
        return self._cost is not None

    @property
    def cost(self) -> Cost:
        """What it cost, once there is nothing more to wait for."""
        if not self._cost:
            raise ValueError(f"{self.peer.name} is still being waited for")
        return self._cost

    def _count(self, waiting: list[int], seconds: float, *, done: bool) -> Cost:
        times_run = self._trace.times_run()
        missing = set(range(self._jobs)) - times_run.keys()
        return Cost(
            jobs=self._jobs,
            lost=len(missing - set(waiting)),
            twice=sum(times > 1 for times in times_run.values()),
            waiting=len(set(waiting)),
            seconds=seconds,
            done=done,
        )


def wait_for(crashes: list[Crash], *, at_most_seconds: float) -> None:
    """Wait until each is over, or until its peer's patience is at its end."""
    waiting = crashes
    while waiting:
        waiting = [c for c in waiting if not c.look(min(c.peer.patience_seconds, at_most_seconds))]
        time.sleep(POLL_SECONDS)
