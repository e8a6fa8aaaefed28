"""The short form of `make faults`: the faults that take each promise closest to breaking."""

import pytest

from tests.faults.catalogue import all_faults
from tests.faults.run import Bench

CHOSEN = (
    "submit.insert.after:crash",
    "submit.produce.before:error",
    "process.claim.after:crash",
    "process.handler.before:crash",
    "process.move.before:crash",
    "process.move.after:error",
    "process.outbox-delete.before:crash",
    "classify.classification.after:crash",
    "relay.publish-due.before:crash",
    "relay.remove-jobs.after:crash",
    "relay.cut-trails.before:crash",
    "trigger.offset-commit.before:crash",
    "postgres-failover",
    "workers-killed",
    "kafka-killed",
    "duplicates",
    "two-relays",
    "poison-flood",
)


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
@pytest.mark.parametrize("name", CHOSEN)
def test_no_promise_is_broken_by(bench: Bench, name: str) -> None:
    result = bench.run(all_faults()[name], seed=1)
    assert result.violations == []
    assert result.lost == 0
    assert result.jobs > 0


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
@pytest.mark.parametrize("seed", [11, 12])
def test_no_promise_is_broken_by_random_faults(bench: Bench, seed: int) -> None:
    result = bench.run(all_faults()["random"], seed=seed)
    assert result.violations == []
    assert result.jobs > 0
