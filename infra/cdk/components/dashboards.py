"""The two boards for whoever is on call: one screen that says whether and where it hurts, and one with the detail."""

from collections.abc import Iterable, Sequence

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra.cdk.components.alarms_composite import COMPOSITES
from infra.cdk.components.dashboard_jobs import job_rows
from infra.cdk.components.dashboard_machinery import machinery_rows
from infra.cdk.components.dashboard_overview import overview_rows
from infra.cdk.components.widgets import COLUMNS, text
from infra.cdk.settings import StageSettings

STATUS_HEIGHT = 3
STATUS_WIDTH = 16


class Dashboards(Construct):
    """`smartqueue-<stage>` and `smartqueue-<stage>-detail`. Everything shown is found by name."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: StageSettings, functions: Sequence[str]) -> None:
        super().__init__(scope, construct_id)
        name = f"smartqueue-{stage.name}"
        self._board("Overview", name, [self._status(stage), *overview_rows(stage)])
        self._board("Detail", f"{name}-detail", [*job_rows(stage), *machinery_rows(stage, functions)])

    def _board(self, construct_id: str, name: str, rows: Iterable[list[cloudwatch.IWidget]]) -> None:
        cloudwatch.Dashboard(
            self,
            construct_id,
            dashboard_name=name,
            default_interval=cdk.Duration.hours(3),
            period_override=cloudwatch.PeriodOverride.INHERIT,
            widgets=list(rows),
        )

    def _status(self, stage: StageSettings) -> list[cloudwatch.IWidget]:
        """What rings now, and where to read on."""
        name = f"smartqueue-{stage.name}"
        where_next = (
            f"A job's road, from left to right. More: [{name}-detail](#dashboards:name={name}-detail), "
            "[log queries](#logsV2:logs-insights). An alarm's description names its section of the runbook, "
            "`docs/operations.md`."
        )
        if not stage.full_cloudwatch:
            return [text(where_next, width=COLUMNS, height=STATUS_HEIGHT)]
        status = cloudwatch.AlarmStatusWidget(
            title="What rings",
            alarms=[self._alarm(f"{name}-{composite.name}") for composite in COMPOSITES if composite.rings],
            width=STATUS_WIDTH,
            height=STATUS_HEIGHT,
        )
        return [status, text(where_next, width=COLUMNS - STATUS_WIDTH, height=STATUS_HEIGHT)]

    def _alarm(self, name: str) -> cloudwatch.IAlarm:
        return cloudwatch.Alarm.from_alarm_name(self, name, name)
