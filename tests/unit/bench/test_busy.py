"""From what a call took here to how long it keeps a function busy on AWS."""

import pytest

from bench.busy import CLASSIFY, PROCESS, SUBMIT, BusyFunctions
from bench.figures import Figure
from bench.measurements import Measurements
from infra.cost.usage import Busy, Usage
from tests.unit.bench.figures import invented

ASSUMED = Usage.load().job


def functions(figures: dict[str, Figure] | None = None) -> BusyFunctions:
    """By the invented figures, or those given."""
    return BusyFunctions(Measurements(invented() if figures is None else figures), ASSUMED)


def parts(busy: Busy) -> tuple[float, float]:
    """What is computed and what is waited for."""
    return busy.cpu_milliseconds, busy.waiting_milliseconds


def test_the_network_adds_a_millisecond_a_round_trip_and_two_where_others_must_agree() -> None:
    assert (SUBMIT.milliseconds, PROCESS.milliseconds, CLASSIFY.milliseconds) == (5 + 4, 7 + 6, 7 + 4)


def test_a_submission_waits_for_what_it_does_not_compute() -> None:
    assert parts(functions().submit(1)) == pytest.approx((4, 10 - 4 + 9))
    assert parts(functions().submit(100)) == pytest.approx((50, 90 - 50 + 9))


def test_half_of_a_delivery_is_run_and_the_other_half_waits_for_the_classifier() -> None:
    assert parts(functions().process(100)) == pytest.approx((19 + 50 * 1.4, 150 - 119 + 13 + 200))
    assert parts(functions().process(1)) == pytest.approx((19 + 0.5 * 1.4, 25 - 20 + 13 + 100))


def test_a_size_that_nobody_measured_waits_like_the_nearest_one() -> None:
    assert functions().process(30).waiting_milliseconds == pytest.approx(39 - 29 + 13 + 200)
    assert functions().process(40).waiting_milliseconds == pytest.approx(150 - 119 + 13 + 200)


def test_rules_decide_without_waiting_for_anybody() -> None:
    # 0.69 ms a ticket, of which 0.19 are its part of the delivery.
    assert parts(functions().classify(100, asking_share=0)) == pytest.approx((19 + 50 * 0.5 * 1.1, 99 - 69 + 11))


def test_the_model_is_asked_ten_times_at_once_and_a_second_each() -> None:
    busy = functions().classify(100, asking_share=0.8)
    per_ticket = 0.8 * 2.19 + 0.2 * 0.39 - 0.19
    assert parts(busy) == pytest.approx((19 + 50 * per_ticket * 1.1, 4 * 1000 + 11))
    assert functions().classify(10, asking_share=0.8).waiting_milliseconds == pytest.approx(1000 + 11)
    assert functions().classify(1, asking_share=0.8).waiting_milliseconds == pytest.approx(400 + 11)


def test_the_assumptions_stand_in_for_what_was_not_measured() -> None:
    nothing = functions({})
    assert nothing.submit(1) == ASSUMED.submit
    assert nothing.query() == ASSUMED.query
    assert nothing.process(10) == ASSUMED.process
    assert nothing.classify(10, asking_share=0.8) == ASSUMED.classify
    assert nothing.submit(100).cpu_milliseconds == pytest.approx(ASSUMED.submit.cpu_milliseconds * 20)
    assert "accept.cpu-ms-per-job" in nothing.measured.missing
