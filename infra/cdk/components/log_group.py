"""Log groups: named after what writes to them, kept as long as the stage says."""

from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.cdk.settings import StageSettings

RETENTION = {
    1: logs.RetentionDays.ONE_DAY,
    7: logs.RetentionDays.ONE_WEEK,
    14: logs.RetentionDays.TWO_WEEKS,
    30: logs.RetentionDays.ONE_MONTH,
    90: logs.RetentionDays.THREE_MONTHS,
    180: logs.RetentionDays.SIX_MONTHS,
    365: logs.RetentionDays.ONE_YEAR,
}


def new_log_group(scope: Construct, construct_id: str, *, name: str, stage: StageSettings) -> logs.LogGroup:
    """A log group of the stage's retention, which outlives its stack where the stage keeps its data."""
    return logs.LogGroup(
        scope,
        construct_id,
        log_group_name=name,
        retention=RETENTION[stage.log_retention_days],
        removal_policy=stage.removal_policy,
    )
