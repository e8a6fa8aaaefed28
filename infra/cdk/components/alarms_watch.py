"""What one alarm watches, as a value; `alarms.py` makes alarms of it."""

from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch

RUNBOOK = "docs/operations.md"
MINUTE = cdk.Duration.minutes(1)
FIVE_MINUTES = cdk.Duration.minutes(5)

# What an alarm makes of periods without data:
NO_NEWS_IS_GOOD = cloudwatch.TreatMissingData.NOT_BREACHING
"""The metric only exists while something happens: nothing happened, so nothing went wrong."""
NO_NEWS_IS_BAD = cloudwatch.TreatMissingData.BREACHING
"""The metric counts what must go on all the time: silence is the fault."""
NO_NEWS_IS_NO_NEWS = cloudwatch.TreatMissingData.IGNORE
"""The relay or the seal measures it: while that is away the state stays as it was, and another alarm rings."""
NO_NEWS_IS_UNKNOWN = cloudwatch.TreatMissingData.MISSING
"""A data service reports it all the time: without reports the alarm says INSUFFICIENT_DATA, neither good nor bad."""


@dataclass(frozen=True, kw_only=True)
class Watch:
    """One alarm: `datapoints` of the last `periods` beyond `threshold` make it ring."""

    name: str
    """The end of the alarm's name."""
    meaning: str
    """One sentence for the description."""
    metric: cloudwatch.Metric | cloudwatch.MathExpression
    threshold: float
    periods: int
    missing: cloudwatch.TreatMissingData
    datapoints: int | None = None
    """None: all periods."""
    comparison: cloudwatch.ComparisonOperator = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD
    section: str = ""
    """Its section in the runbook, where that is not its own name."""

    @property
    def description(self) -> str:
        """What it means, and where to read on."""
        return f"{self.meaning} {RUNBOOK}#{self.section or self.name}"

    @property
    def does_arithmetic(self) -> bool:
        """Whether it needs metric math."""
        return isinstance(self.metric, cloudwatch.MathExpression)
