"""Restarts: last, as a restart of the emulator sets its schedules back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from localstack.aws import client
from tests.contract.support import Contract, Send, caught_up, events, post, values, wait_until


def test_everything_deployed_survives_an_orderly_restart(contract: Contract) -> None:
    secret: Any = client("secretsmanager", contract.emulator.url)
    before = secret.get_secret_value(SecretId="contract/generated")["SecretString"]

    contract.emulator.stop()
    contract.emulator.start()

    assert post(f"{contract.api}/guarded", Authorization="Bearer allow")[0] == 201
    assert post(f"{contract.api}/guarded", Authorization="Bearer deny")[0] == 403
    assert secret.get_secret_value(SecretId="contract/generated")["SecretString"] == before


def test_it_goes_on_after_the_broker_and_the_emulator_were_away(contract: Contract, send: Send, whole: Path) -> None:
    contract.kafka.kill()
    contract.emulator.stop()
    contract.kafka.start()
    send("whole-topic", b"while the emulator is away")
    contract.emulator.start()

    wait_until(lambda: values(events(whole)) == ["while the emulator is away"], seconds=30)
    wait_until(lambda: caught_up(contract, "whole-group", "whole-topic"))
