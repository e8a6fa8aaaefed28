"""The garbage collector stays away from a cold start, and comes back."""

import json
import subprocess
import sys

LIFE = """
import gc, json
seen, usual = [], gc.get_threshold()
gc.callbacks.append(lambda phase, info: seen.append(info["generation"]) if phase == "stop" else None)
import functions.relay.handler
from types import SimpleNamespace
from smartqueue.logs import log_invocation

started = list(seen)
with log_invocation(SimpleNamespace(aws_request_id="1")):
    patient = gc.get_threshold()
told = {"at_start": started, "patient": patient[0] > usual[0], "usual": gc.get_threshold() == usual}
print(json.dumps({**told, "left_alone": gc.get_freeze_count()}))
"""


def test_what_a_cold_start_loads_is_never_looked_through() -> None:
    finished = subprocess.run([sys.executable, "-c", LIFE], capture_output=True, check=True, text=True, timeout=60)
    told = json.loads(finished.stdout.splitlines()[-1])
    assert told["patient"]
    assert told["usual"]
    # Libraries that are imported before anything of ours are few enough for short looks.
    assert 2 not in told["at_start"]
    assert told["left_alone"] > 50_000
