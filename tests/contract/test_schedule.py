"""EventBridge: what runs the relay."""

from __future__ import annotations

import json

from tests.contract.support import Contract, wait_until


def test_a_rule_fires_every_minute(contract: Contract) -> None:
    folder = contract.folder / "tick"
    files = wait_until(lambda: sorted(folder.glob("*.json")), seconds=70, pause=0.5)

    assert json.loads(files[0].read_text()) == {"from": "schedule"}
