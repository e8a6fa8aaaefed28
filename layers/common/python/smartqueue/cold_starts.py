"""Cold starts: one metric line for each execution environment, at its first invocation.

For CloudWatch alone. Most functions hold no connection to Valkey at that point, and should not wait for one.
"""

import time
from functools import cache

from aws_lambda_powertools import single_metric
from aws_lambda_powertools.metrics import MetricUnit

from smartqueue.dimensions import stage_dimensions
from smartqueue.errors import SettingsError

COLD_STARTS = "cold_starts_total"


@cache
def count_cold_start(function: str) -> None:
    """Print the line at the first call, and nothing afterwards.

    `init_cpu_seconds` is the processor time that getting ready has cost, which a pause before the first invocation
    does not lengthen. It is no metric, only a field of the line.
    """
    try:
        dimensions = {**stage_dimensions(), "function": function}
    except SettingsError:
        # Whoever needs the settings says so in its own way; counting must not be what fails first.
        return
    with single_metric(name=COLD_STARTS, unit=MetricUnit.Count, value=1, default_dimensions=dimensions) as metric:
        metric.add_metadata("init_cpu_seconds", round(time.process_time(), 3))
