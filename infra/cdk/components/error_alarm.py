"""The alarm that one function ends with errors; it rings through the composite alarms, which know it by name."""

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra.cdk.settings import StageSettings

RUNBOOK = "docs/operations.md"


def new_error_alarm(
    scope: Construct, construct_id: str, *, stage: StageSettings, function: str, alias: str | None
) -> cloudwatch.Alarm:
    """An alarm on the errors of a function: of the version behind `alias`, or of all."""
    full_name = f"smartqueue-{stage.name}-{function}"
    resource = {"Resource": f"{full_name}:{alias}"} if alias else {}
    return cloudwatch.Alarm(
        scope,
        construct_id,
        alarm_name=f"{full_name}-errors",
        alarm_description=f"The function {function} ends with errors. {RUNBOOK}#function-errors",
        metric=cloudwatch.Metric(
            namespace="AWS/Lambda",
            metric_name="Errors",
            dimensions_map={"FunctionName": full_name, **resource},
            statistic="Sum",
            period=cdk.Duration.minutes(1),
        ),
        threshold=0,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
        # A canary of five minutes must see its errors; one that comes alone may be chance.
        evaluation_periods=3,
        datapoints_to_alarm=2,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
    )
