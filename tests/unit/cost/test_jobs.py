"""What a million jobs cost."""

import pytest

from infra.cost.jobs import job_lines
from infra.cost.usage import Busy
from tests.unit.cost.builders import FUNCTIONS, USAGE, function, stage_of

JOB = USAGE.job


def test_requests_are_paid_with_or_without_a_firewall() -> None:
    millions = JOB.submits + JOB.reads
    traces = millions * JOB.trace_share * 5
    plain = [line for line in job_lines(stage_of(*FUNCTIONS)) if line.group == "API"]
    assert sum(line.cost.likely for line in plain) == pytest.approx(millions * 3.50 + traces)
    guarded = [line for line in job_lines(stage_of(*FUNCTIONS, ("AWS::WAFv2::WebACL", {}))) if line.group == "API"]
    assert sum(line.cost.likely for line in guarded) == pytest.approx(millions * (3.50 + 0.60) + traces)


def test_a_function_is_paid_by_its_memory_in_the_template() -> None:
    (submit,) = [line for line in job_lines(stage_of(*FUNCTIONS)) if line.text.startswith("submit")]
    seconds = 1e6 * JOB.submits * JOB.submit.billed_milliseconds(1024) / 1000
    assert submit.cost.likely == pytest.approx(seconds * 1.0 * 0.0000133334 + JOB.submits * 0.20)


@pytest.mark.parametrize(("memory", "milliseconds"), [(1769, 30.0), (3538, 30.0), (884.5, 50.0), (442.25, 90.0)])
def test_less_memory_makes_a_function_compute_longer_and_wait_no_longer(memory: float, milliseconds: float) -> None:
    assert Busy(cpu_milliseconds=20, waiting_milliseconds=10).billed_milliseconds(memory) == pytest.approx(milliseconds)


@pytest.mark.parametrize("name", ["process", "classify"])
def test_both_consumers_are_called_for_both_records_of_a_ticket(name: str) -> None:
    (line,) = [line for line in job_lines(stage_of(*FUNCTIONS)) if line.text.startswith(name)]
    calls = 2e6 * JOB.attempts / JOB.batch
    assert line.text.startswith(f"{name}, {calls:,.0f} times")


def test_tokens_are_paid_for_the_tickets_that_ask_the_model() -> None:
    (model,) = [line for line in job_lines(stage_of(*FUNCTIONS)) if line.group == "AI model"]
    assert model.cost.likely == pytest.approx(JOB.ai_share * (JOB.ai_input_tokens * 0.75 + JOB.ai_output_tokens * 4.5))


@pytest.mark.parametrize(("multi_az", "copies"), [(True, 2), (False, 1)])
def test_rows_take_two_disks_where_there_is_a_standby(multi_az: bool, copies: int) -> None:
    lines = job_lines(stage_of(*FUNCTIONS, ("AWS::RDS::DBInstance", {"MultiAZ": multi_az})))
    rows = sum(line.cost.likely for line in lines if line.group == "PostgreSQL")
    assert rows == pytest.approx(copies * (JOB.row_bytes + JOB.audit_bytes) / 1000 * 0.115)


def test_rows_are_paid_for_as_long_as_the_relay_keeps_them() -> None:
    relay = function("relay", 512, RETENTION_JOBS_DAYS="73", RETENTION_AUDIT_DAYS="365")
    lines = job_lines(stage_of(*FUNCTIONS, relay, ("AWS::RDS::DBInstance", {"MultiAZ": False})))
    jobs, audit = (line for line in lines if line.group == "PostgreSQL")
    # A month has 730 hours.
    assert jobs.cost.likely == pytest.approx(JOB.row_bytes / 1000 * 0.115 * 2.4)
    assert audit.cost.likely == pytest.approx(JOB.audit_bytes / 1000 * 0.115 * 12)
    assert jobs.text.endswith("of jobs, kept for 73 days")
