"""What Lambda counts wrongly about a function's calls, for the alarm that takes a bad version back.

Lambda counts raised exceptions alone. An API function that answers 500, or a batch of which records must come again,
has failed without one; a refused token has raised one though nothing is wrong. For CloudWatch alone.
"""

from aws_lambda_powertools import single_metric
from aws_lambda_powertools.metrics import MetricUnit

from smartqueue.dimensions import stage_dimensions
from smartqueue.errors import SettingsError

FAILED_CALLS = "failed_calls_total"
REFUSED_TOKENS = "refused_tokens_total"


def count_failed_call(function: str) -> None:
    """Count a call that failed though it ended well."""
    _count(FAILED_CALLS, function)


def count_refused_token(function: str) -> None:
    """Count a call that ended with an error though nothing failed."""
    _count(REFUSED_TOKENS, function)


def _count(name: str, function: str) -> None:
    try:
        dimensions = {**stage_dimensions(), "function": function}
    except SettingsError:
        # Whoever needs the settings says so in its own way; counting must not be what fails first.
        return
    with single_metric(name=name, unit=MetricUnit.Count, value=1, default_dimensions=dimensions):
        pass
