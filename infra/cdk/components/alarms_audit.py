"""Alarms on what must always be true of the records: the books add up, the audit trail is whole, and it is sealed."""

from collections.abc import Iterator

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch

from infra.cdk.components.alarms_watch import NO_NEWS_IS_BAD, NO_NEWS_IS_NO_NEWS, Watch
from infra.cdk.components.metrics import function_metric, job_metric
from infra.cdk.settings import StageSettings

QUARTER_DAY = cdk.Duration.hours(6)
"""The largest step that fits: an alarm looks at CloudWatch's own quarters of a day, not at the last hours."""
QUARTERS_WITH_A_SEAL = 5
"""Wherever they begin, a day's seal lies in one of them, be it an hour late."""


def audit_watches(stage: StageSettings) -> Iterator[Watch]:
    """The alarms on books, audit trail and seals."""
    yield Watch(
        name="jobs-unaccounted",
        meaning="The jobs and the books of the audit trail differ: a job came, went or changed past the service.",
        metric=job_metric("jobs_unaccounted", stage=stage.name, statistic="Maximum"),
        threshold=0,
        # Both are counted in one snapshot: even one is real, and three leave no doubt.
        periods=3,
        missing=NO_NEWS_IS_NO_NEWS,
    )
    yield Watch(
        name="audit-trail-broken",
        meaning="The audit trail is not what was written: an entry was changed, removed or put in.",
        metric=job_metric("audit_problems", stage=stage.name, statistic="Maximum"),
        threshold=0,
        # It is measured with each seal, and stands until the next.
        periods=1,
        missing=NO_NEWS_IS_NO_NEWS,
    )
    name = f"smartqueue-{stage.name}-seal"
    yield Watch(
        name="seal-missing",
        meaning="The audit trail has not been sealed for more than a day.",
        metric=cloudwatch.MathExpression(
            expression="FILL(begun, 0) - FILL(failed, 0)",
            using_metrics={
                "begun": function_metric("Invocations", function_name=name, statistic="Sum", period=QUARTER_DAY),
                "failed": function_metric("Errors", function_name=name, statistic="Sum", period=QUARTER_DAY),
            },
            label="successful seals",
            period=QUARTER_DAY,
        ),
        threshold=1,
        comparison=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
        periods=QUARTERS_WITH_A_SEAL,
        missing=NO_NEWS_IS_BAD,
    )
