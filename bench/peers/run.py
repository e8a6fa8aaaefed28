"""The peers on the same servers with the same no-op job: rates, latencies, and what a SIGKILL costs them.

`bench.peers.catalogue` says how each is configured, and why. Everything is measured at least three times but a
SIGKILL, which takes a minute to be over.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack

from bench.environment import BenchError
from bench.figures import Figure, Target
from bench.lab import BenchLab
from bench.peers.catalogue import CELERY, OBAN, PEERS, PROCRASTINATE, Peer
from bench.peers.sigkill import wait_for
from bench.peers.trial import Trial

OURS = "drain.jobs-per-second"
# PgQueuer, which keeps no audit trail, is what to come close to; Dramatiq is not durable.
LEAST_OF = ((PROCRASTINATE, 4.0), (CELERY, 3.0), (OBAN, 1.0))
QUICK_PATIENCE_SECONDS = 2.0


def run(lab: BenchLab, *, quick: bool) -> list[Figure]:
    """Make the environments that are missing, then measure peer after peer; leave out whose cannot be made.

    Raises BenchError.
    """
    figures: list[Figure] = []
    with ExitStack() as stack:
        trials = [stack.enter_context(Trial(lab, peer, quick=quick)) for peer in PEERS if _is_installed(peer)]
        for trial in trials:
            figures += trial.rates()
        with ExitStack() as workers:
            crashes = [trial.crash(workers) for trial in trials]
            wait_for(crashes, at_most_seconds=QUICK_PATIENCE_SECONDS if quick else float("inf"))
        for trial, crash in zip(trials, crashes, strict=True):
            figures += trial.crash_figures(crash)
    return figures


def targets(figures: Mapping[str, Figure]) -> Iterator[Target]:
    """Compare our drain, two processes at batch 100, with the peers'."""
    ours = figures.get(OURS)
    for peer, least in LEAST_OF:
        theirs = figures.get(f"peers.{peer.name}.drain-per-second")
        yield Target(
            name=f"drain: jobs per second / {peer.title}'s",
            wanted=least,
            sense="at least",
            measured=ours.value / theirs.value if ours and theirs else None,
            in_brief=True,
        )


def _is_installed(peer: Peer) -> bool:
    try:
        peer.venv.make()
    except BenchError as error:
        print(f"peers: without {peer.title}: {error}", flush=True)
        return False
    return True
