"""What a million jobs cost in each shape, by invented figures."""

import tomllib

import pytest

from bench.cost.rows import measured_rows
from bench.cost.section import run
from bench.cost.shapes import FLOOD, OFFICE, TRICKLE, usage_of
from bench.cost.table import table
from bench.database_time import database_milliseconds
from bench.figures import Figure
from bench.measurements import Measurements
from tests.unit.bench.figures import invented
from tests.unit.cost.builders import FUNCTIONS, USAGE, Described, stage_of

DATABASE: Described = (
    "AWS::RDS::DBInstance",
    {"DBInstanceClass": "db.m7g.large", "MultiAZ": False, "AllocatedStorage": "100"},
)
STAGE = stage_of(*FUNCTIONS, DATABASE)
# Server, disk, and the secrets that are read.
MONTH = 730 * 0.168 + 100 * 0.115 + 30_000 * 5e-6


def measure(figures: dict[str, Figure] | None = None) -> dict[str, Figure]:
    """The section's figures by key."""
    return {figure.key: figure for figure in run(invented() if figures is None else figures, stage=STAGE)}


def test_a_month_of_each_shape() -> None:
    assert [s.millions_a_month for s in (TRICKLE, OFFICE, FLOOD)] == pytest.approx([2.628, 31.68, 108])


def test_a_flood_is_submitted_by_the_hundred_and_delivered_by_the_hundred() -> None:
    job = usage_of(FLOOD, Measurements(invented()), USAGE, with_model=False).job
    assert (job.submits, job.reads, job.batch, job.ai_share) == pytest.approx((0.01, 0.02, 100, 0))
    assert job.submit.cpu_milliseconds == 50
    assert (job.events * job.event_bytes, job.row_bytes, job.audit_bytes) == pytest.approx((3100, 3000, 5000))
    # All requests of a hundred jobs: three of them, and a line for each job but the first.
    assert job.requests * job.request_log_bytes == pytest.approx(0.03 * USAGE.job.request_log_bytes + 0.99 * 420)


def test_functions_are_billed_for_a_smaller_part_of_a_processor_by_the_same_gigabyte_seconds() -> None:
    billed = measure()["cost.trickle.without-model.gb-seconds-per-million"].context["functions"]
    # 4 ms of CPU on 1024 of 1769 MB, and 15 ms of waiting.
    assert billed["submit"]["billed_ms"] == pytest.approx(4 * 1769 / 1024 + 15, abs=0.01)
    assert billed["submit"]["gb_seconds"] == pytest.approx(1e6 * (4 * 1769 / 1024 + 15) / 1000 * 1.0, abs=1)
    assert billed["process"]["calls"] == pytest.approx(2e6 * 1.05)


def test_a_job_calls_functions_less_often_in_larger_batches() -> None:
    found = measure()
    calls = [found[f"cost.{shape}.without-model.calls-per-job"].value for shape in ("trickle", "office", "flood")]
    # Submit, two reads, the authorizer for a tenth of three; twice two deliveries, of 1.05 attempts.
    assert calls == pytest.approx([1 + 2 + 0.3 + 4.2, 1 + 2 + 0.3 + 0.42, 0.01 + 0.02 + 0.003 + 0.042])


def test_the_model_costs_its_tokens_and_the_time_to_wait_for_it() -> None:
    found = measure()
    with_model, without = (found[f"cost.office.{way}-model.dollars-per-million"] for way in ("with", "without"))
    assert with_model.context["parts"]["AI model"] == pytest.approx(0.8 * (650 * 0.75 + 90 * 4.5))
    assert without.context["parts"]["AI model"] == 0
    assert with_model.context["parts"]["Lambda"] > without.context["parts"]["Lambda"]


def test_the_fixed_cost_is_shared_by_the_jobs_of_the_month() -> None:
    trickle = measure()["cost.trickle.fixed-dollars-per-million"]
    assert trickle.value == pytest.approx(MONTH / 2.628)
    assert trickle.context["times_the_database"] == 1


def test_a_database_that_is_too_small_for_the_peak_is_replaced_by_one_of_twice_the_size() -> None:
    # 0.25 + 0.5 + 0.25 + 0.02 * 0.15 = 1.003 ms for each of 1,000 jobs a second, on two processors.
    found = measure()
    assert found["cost.flood.database-busy-share"].value == pytest.approx(0.5015)
    busier = measure(invented(**{"database.ms-per-job": 1.5}))
    assert busier["cost.flood.database-busy-share"].value == pytest.approx(1.0015)
    assert busier["cost.flood.fixed-dollars-per-million"].context["times_the_database"] == 2
    assert busier["cost.flood.fixed-dollars-per-million"].value == pytest.approx((MONTH + 730 * 0.168) / 108)


def test_small_deliveries_cost_the_database_more_statements() -> None:
    measured = Measurements(invented())
    full, single = (
        database_milliseconds(measured, jobs_per_submit=1, reads_per_job=0, records=records) for records in (100, 1)
    )
    assert full == pytest.approx(0.6 + 0.5 + 0.25)
    assert single - full == pytest.approx(12 * 0.1 * 0.99)


def test_starts_cost_what_their_imports_compute() -> None:
    assert not [key for key in measure() if "cold-start" in key]
    started = measure(invented(**{"cold.submit.init-cpu-ms": 400.0}))
    # A trickle needs one environment at once, each for two hours of 730.
    cold = started["cost.trickle.without-model.cold-start-dollars-per-million"].value
    assert cold == pytest.approx(365 * 0.4 * 1769 / 1024 * 0.0000133334 / 2.628)


def test_figures_tell_what_was_assumed() -> None:
    assert "accept.cpu-ms-per-job" not in measure()["cost.office.without-model.dollars-per-million"].context["assumed"]
    assert "accept.cpu-ms-per-job" in measure({})["cost.office.without-model.dollars-per-million"].context["assumed"]


def test_the_rows_of_the_assumptions_are_toml_and_hold_what_was_measured() -> None:
    rows = tomllib.loads("\n".join(measured_rows(invented(), USAGE)))
    assert rows["submit"] == {"cpu_milliseconds": 4.0, "waiting_milliseconds": 15.0}
    assert rows["process"]["cpu_milliseconds"] == pytest.approx(19 + 5 * 1.4)
    assert (rows["event_bytes"], rows["row_bytes"], rows["audit_bytes"]) == (1000, 3000, 5000)
    assert "query" not in rows
    assert not list(measured_rows({}, USAGE))


def test_the_table_has_a_column_for_each_shape() -> None:
    lines = table(measure()).splitlines()
    assert lines[0] == "| | trickle | office | flood |"
    assert {line.count("|") for line in lines} == {5}
    assert "| million jobs a month | 2.6 | 31.7 | 108.0 |" in lines
