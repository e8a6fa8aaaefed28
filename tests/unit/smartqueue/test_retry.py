"""The arithmetic of retries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartqueue.retry import MAX_DELAY_SECONDS, next_delay


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 2), (2, 4), (3, 8), (4, 16), (10, 1024), (20, 3600)])
def test_the_delay_doubles_up_to_an_hour(attempt: int, seconds: float) -> None:
    assert next_delay(attempt=attempt, base_seconds=2, jitter=0, chance=0.5) == seconds


@given(
    attempt=st.integers(1, 1000),
    base=st.floats(0.1, 60),
    jitter=st.floats(0, 1),
    chance=st.floats(0, 1, exclude_max=True),
)
def test_jitter_only_makes_later_and_by_its_fraction_at_most(
    attempt: int, base: float, jitter: float, chance: float
) -> None:
    exact = next_delay(attempt=attempt, base_seconds=base, jitter=0, chance=0)
    delay = next_delay(attempt=attempt, base_seconds=base, jitter=jitter, chance=chance)
    assert exact <= delay <= min(exact * (1 + jitter) * 1.0001, MAX_DELAY_SECONDS)
