"""The arithmetic of loads and limits, by invented figures and a deployment of round numbers."""

from dataclasses import replace
from math import inf

import pytest

from bench.measurements import Measurements
from bench.scaling.deployment import Books, Deployment
from bench.scaling.limits import SERVERS
from bench.scaling.load import Load, Work
from bench.scaling.parts import PARTS, Part
from bench.scaling.section import RATES, plan_for, run, situation_of
from bench.scaling.simulation import NoRemedyError, make_fit, most_jobs_per_second, weakest
from bench.scaling.situation import Situation
from infra.cdk.stages import LOCAL, PROD
from infra.cost.usage import Usage
from tests.unit.bench.figures import invented

DEPLOYMENT = Deployment(
    requests_per_second=500,
    submit_concurrency=100,
    query_concurrency=100,
    process_concurrency=24,
    classify_concurrency=10,
    server=0,
    connections=400,
    proxy=False,
    disk=0,
    disk_gigabytes=500,
    jobs_days=90,
    audit_days=400,
    partitions=12,
    broker=0,
    pollers=12,
    records=100,
    cache=0,
)
MEASURED = Measurements(invented())
WORK = Work(MEASURED, Usage.load().job, {"submit": 1769, "query": 1769, "process": 1769, "classify": 1769})
HUNDRED = Situation(Load(jobs_per_second=100), DEPLOYMENT, WORK)


def part(name: str) -> Part:
    """A part by the end of its name."""
    return next(part for part in PARTS if part.name.endswith(name))


def test_requests_and_deliveries_of_a_hundred_jobs_a_second() -> None:
    assert HUNDRED.requests == 300
    # Two records of each, 1.05 attempts.
    assert HUNDRED.deliveries == pytest.approx(2.1)
    assert HUNDRED.transactions == pytest.approx(200 + 5 * 2.1)
    assert HUNDRED.retries == pytest.approx(5)


def test_functions_are_busy_for_as_long_as_their_calls_take() -> None:
    # 4 ms computed and 15 waited for; 89 computed, 44 waited for, and half a second for the slowest job.
    assert HUNDRED.submitting == pytest.approx(100 * 0.019)
    assert HUNDRED.delivery_seconds == pytest.approx(0.089 + 0.044 + 0.5)
    assert HUNDRED.processing == pytest.approx(2.1 * 0.633)
    assert HUNDRED.partition_jobs == pytest.approx(50 / 1.05 / 0.633)


def test_half_of_the_load_goes_to_each_of_two_cells() -> None:
    two = HUNDRED.with_deployment(cells=2)
    assert (two.jobs, two.requests) == (50, 150)
    assert two.processors == pytest.approx(HUNDRED.processors / 2)


def test_rows_are_stored_until_they_are_old_enough_to_go() -> None:
    assert HUNDRED.stored_gigabytes == pytest.approx(100 * 86_400 * (3_000 * 90 + 5_000 * 400) / 1e9)


@pytest.mark.parametrize(
    ("books", "millions"), [(Books.ALL, 777.6), (Books.BY_TENANT, 77.76), (Books.BY_CHANGE, 0.018)]
)
def test_the_relay_counts_all_jobs_or_fewer(books: Books, millions: float) -> None:
    assert HUNDRED.with_deployment(books=books).counted_jobs / 1e6 == pytest.approx(millions)


def test_a_chain_is_held_from_the_trigger_to_the_disk() -> None:
    # Ten jobs of the busiest tenant, one by one; and three statements of fifty jobs in each delivery.
    submits, deliveries = 10 * 0.003213, 2.1 * 3 * 0.00385
    assert HUNDRED.busiest_chain == pytest.approx(submits + deliveries)
    assert HUNDRED.with_deployment(keyed_by_tenant=True).busiest_chain == pytest.approx(submits + deliveries / 10)
    assert HUNDRED.with_deployment(chains=2).busiest_chain == pytest.approx((submits + deliveries) / 2)
    by_the_hundred = HUNDRED.with_load(jobs_per_submit=100).busiest_chain
    assert by_the_hundred == pytest.approx(0.1 * 0.0045 + deliveries)


def test_log_flushes_are_shared_and_pages_are_not() -> None:
    assert HUNDRED.disk_operations == pytest.approx(210.5 + 200)
    assert HUNDRED.with_load(jobs_per_second=1_000).disk_operations == pytest.approx(700 + 2_000)
    assert most_jobs_per_second(part("disk, operations"), HUNDRED) == pytest.approx((3_000 - 700) / 2)


def test_a_disk_is_no_faster_than_its_server() -> None:
    operations = part("disk, operations")
    assert operations.limit(HUNDRED).most == 3_000
    assert operations.limit(HUNDRED.with_deployment(disk=1)).most == SERVERS[0].operations == 3_600


def test_a_disk_and_a_server_that_are_equally_narrow_grow_together() -> None:
    # 400 GB and a 2xlarge: 12,000 operations each.
    equal = HUNDRED.with_load(jobs_per_second=6_000).with_deployment(disk=1, server=2)
    [remedy] = part("disk, operations").remedies
    after = remedy.change(equal)
    assert after
    assert (after.deployment.disk, after.deployment.server) == (2, 3)


def test_deliveries_are_bounded_by_partitions_or_by_the_function() -> None:
    assert part("to process").limit(HUNDRED).most == 12
    assert part("to classify").limit(HUNDRED).most == 10


def test_a_server_takes_connections_by_its_memory() -> None:
    assert [SERVERS[0].connections, SERVERS[-1].connections] == [901, 5_000]


def test_what_nobody_uses_never_gives_way() -> None:
    dropping = HUNDRED.with_deployment(drops_partitions=True)
    assert most_jobs_per_second(part("removal of old rows"), dropping) == inf


def test_a_load_that_fits_needs_nothing() -> None:
    plan = make_fit(HUNDRED.with_load(jobs_per_second=1))
    assert (plan.cells, plan.because, plan.steps) == (1, None, [])


def test_the_weakest_part_is_mended_first() -> None:
    plan = make_fit(HUNDRED)
    assert plan.steps[0].part is weakest(HUNDRED) is part("disk, space")
    assert plan.steps[0].use == pytest.approx(HUNDRED.stored_gigabytes / 500)
    assert plan.end.deployment.disk_gigabytes > 500


@pytest.mark.parametrize("rate", RATES)
def test_in_the_end_every_part_is_large_enough(rate: int) -> None:
    plan = plan_for(rate, MEASURED)
    assert all(part.use(plan.end) <= 1 for part in PARTS)
    assert plan.end.deployment.cells == plan.cells
    if plan.because:
        assert plan.cells > 1


def test_what_no_cell_can_help_is_told() -> None:
    one_tenant = HUNDRED.with_load(jobs_per_second=10_000_000, busiest=1.0)
    with pytest.raises(NoRemedyError, match="nothing helps"):
        make_fit(one_tenant)


def test_prod_is_read_from_its_settings_and_a_stage_without_data_is_refused() -> None:
    deployment = Deployment.of(PROD)
    assert PROD.database
    assert SERVERS[deployment.server].name == PROD.database.instance_class
    assert deployment.submit_concurrency == PROD.function("submit").reserved_concurrency
    with pytest.raises(ValueError, match="no limits"):
        Deployment.of(LOCAL)


def test_figures_hold_the_steps_and_what_was_assumed() -> None:
    found = {figure.key: figure for figure in run(invented())}
    first = situation_of(RATES[0], MEASURED)
    points = found["scaling.prod.jobs-per-second"].context["parts"]
    assert found["scaling.prod.jobs-per-second"].value == min(points.values())
    assert min(points, key=points.__getitem__) == weakest(first).name
    at_most = found["scaling.100000.cells"]
    assert at_most.value > 1
    assert at_most.context["because"]
    assert at_most.context["steps"][0]["asked"] > at_most.context["steps"][0]["there_is"]
    assert "database.wal-bytes-per-job" in at_most.context["assumed"]


def test_the_relay_publishes_as_fast_as_was_measured() -> None:
    measured = Measurements(invented(**{"relay.messages-per-second": 3_000.0}))
    two = replace(HUNDRED, work=replace(WORK, measured=measured)).with_deployment(relays=2)
    assert part("retries").limit(two).most == 6_000
