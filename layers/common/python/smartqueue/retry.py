"""Retries as arithmetic: nothing here waits."""

MAX_DELAY_SECONDS = 3600.0


def next_delay(*, attempt: int, base_seconds: float, jitter: float, chance: float) -> float:
    """Return how long after the failure of `attempt` (1, 2, ...) the next one is due, in seconds.

    The base doubles with every attempt (2, 4, 8 for a base of 2). `chance` in [0, 1) spreads it upwards by at
    most the fraction `jitter`, so that jobs that failed together do not come back together and none comes early.
    """
    delay: float = base_seconds * 2.0 ** (attempt - 1) * (1.0 + jitter * chance)
    return min(delay, MAX_DELAY_SECONDS)
