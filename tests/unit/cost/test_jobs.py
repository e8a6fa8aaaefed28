"""What a million jobs cost."""

import pytest

from infra.cost.jobs import job_lines
from tests.unit.cost.builders import FUNCTIONS, USAGE, stage_of

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
    seconds = 1e6 * JOB.submits * JOB.submit_milliseconds / 1000
    assert submit.cost.likely == pytest.approx(seconds * 1.0 * 0.0000133334 + JOB.submits * 0.20)


def test_tokens_are_paid_for_the_tickets_that_ask_the_model() -> None:
    (model,) = [line for line in job_lines(stage_of(*FUNCTIONS)) if line.group == "AI model"]
    assert model.cost.likely == pytest.approx(JOB.ai_share * (JOB.ai_input_tokens * 0.75 + JOB.ai_output_tokens * 4.5))


def test_rows_take_two_disks_where_there_is_a_standby() -> None:
    gigabytes = 1e6 * JOB.row_bytes / 1e9
    for multi_az, copies in ((True, 2), (False, 1)):
        lines = job_lines(stage_of(*FUNCTIONS, ("AWS::RDS::DBInstance", {"MultiAZ": multi_az})))
        (rows,) = [line for line in lines if line.group == "PostgreSQL"]
        assert rows.cost.likely == pytest.approx(copies * gigabytes * 0.115)
