"""When to wake somebody. Each alarm's description leads to its section in docs/operations.md."""

from collections.abc import Iterator, Sequence

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.cdk.components.alarms_api import api_watches
from infra.cdk.components.alarms_audit import audit_watches
from infra.cdk.components.alarms_composite import CompositeAlarms
from infra.cdk.components.alarms_data import data_watches
from infra.cdk.components.alarms_functions import function_watches
from infra.cdk.components.alarms_jobs import job_watches
from infra.cdk.components.alarms_watch import Watch
from infra.cdk.settings import StageSettings


class Alarms(Construct):
    """All alarms of a stage. What rings, and the end of it, goes to `topic`.

    With a full CloudWatch only the composite alarms ring, so that one cause rings once; without, every alarm does, and
    those that need arithmetic do not exist.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: StageSettings,
        functions: Sequence[str],
        topic: sns.ITopic,
    ) -> None:
        super().__init__(scope, construct_id)
        self._stage = stage
        action = actions.SnsAction(topic)
        alarms = {watch.name: self._alarm(watch) for watch in self._watches()}
        if stage.full_cloudwatch:
            CompositeAlarms(self, "Composite", stage=stage, functions=functions, alarms=alarms, action=action)
        else:
            for alarm in alarms.values():
                alarm.add_alarm_action(action)
                alarm.add_ok_action(action)

    def _watches(self) -> Iterator[Watch]:
        for watches in (api_watches, job_watches, audit_watches, function_watches, data_watches):
            for watch in watches(self._stage):
                if self._stage.full_cloudwatch or not watch.does_arithmetic:
                    yield watch

    def _alarm(self, watch: Watch) -> cloudwatch.Alarm:
        return cloudwatch.Alarm(
            self,
            "".join(word.capitalize() for word in watch.name.split("-")),
            alarm_name=f"smartqueue-{self._stage.name}-{watch.name}",
            alarm_description=watch.description,
            metric=watch.metric,
            threshold=watch.threshold,
            comparison_operator=watch.comparison,
            evaluation_periods=watch.periods,
            datapoints_to_alarm=watch.datapoints,
            treat_missing_data=watch.missing,
        )
