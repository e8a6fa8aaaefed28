"""The alarm that calls of one function fail; it rings through the composite alarms, which know it by name."""

from typing import TypedDict

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra.cdk.components.metrics import MINUTE, counted_by_function
from infra.cdk.routes import ROUTES
from infra.cdk.settings import StageSettings

RUNBOOK = "docs/operations.md"
FAIL_WITHOUT_ERROR = {route.function for route in ROUTES} | {"process", "classify"}
"""What answers 500, or that records must come again: to Lambda, calls that went well."""
ERR_WITHOUT_FAILURE = {"authorizer"}
"""What can refuse a token only by raising an error: otherwise strangers could ring, and take deployments back."""
COMES_ALONE = {"seal"}
"""What is called once a day: a second error would be tomorrow's."""
PER_THOUSAND = 1
"""The failed calls that a function may have: a tenth of the traffic on a bad version has more by far."""


class _Watched(TypedDict):
    metric: cloudwatch.IMetric
    threshold: float


def new_error_alarm(
    scope: Construct, construct_id: str, *, stage: StageSettings, function: str, alias: str | None
) -> cloudwatch.Alarm:
    """An alarm on the failed calls of a function: of the version behind `alias`, or of all."""
    full_name = f"smartqueue-{stage.name}-{function}"
    return cloudwatch.Alarm(
        scope,
        construct_id,
        alarm_name=f"{full_name}-errors",
        alarm_description=f"Calls of the function {function} fail. {RUNBOOK}#function-errors",
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
        # A canary of five minutes must see its errors; one that comes alone may be chance.
        evaluation_periods=3,
        datapoints_to_alarm=1 if function in COMES_ALONE else 2,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        **_failed_calls(full_name, function, stage, alias),
    )


def _failed_calls(full_name: str, function: str, stage: StageSettings, alias: str | None) -> _Watched:
    dimensions = {"FunctionName": full_name, **({"Resource": f"{full_name}:{alias}"} if alias else {})}

    def kept_by_lambda(name: str) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace="AWS/Lambda", metric_name=name, dimensions_map=dimensions, statistic="Sum", period=MINUTE
        )

    errors = kept_by_lambda("Errors")
    if not stage.full_cloudwatch:
        # All that can be had without arithmetic, refused tokens included.
        return {"metric": errors, "threshold": 0}
    if function in FAIL_WITHOUT_ERROR:
        sign, counter = "+", "failed_calls_total"
    elif function in ERR_WITHOUT_FAILURE:
        sign, counter = "-", "refused_tokens_total"
    else:
        return {"metric": errors, "threshold": 0}
    ratio = cloudwatch.MathExpression(
        expression=f"1000 * (FILL(errors, 0) {sign} FILL(counted, 0)) / calls",
        using_metrics={
            "errors": errors,
            "counted": counted_by_function(counter, function, stage=stage.name),
            "calls": kept_by_lambda("Invocations"),
        },
        label="failed calls in a thousand",
        period=MINUTE,
    )
    return {"metric": ratio, "threshold": PER_THOUSAND}
