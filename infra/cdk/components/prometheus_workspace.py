"""The managed Prometheus workspace of a stage, with the rules of infra/prometheus."""

import aws_cdk as cdk
from aws_cdk import aws_aps as aps
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.cdk.components.access import Access
from infra.cdk.components.code_assets import REPOSITORY
from infra.cdk.components.log_group import new_log_group
from infra.cdk.settings import StageSettings

RULES = REPOSITORY / "infra" / "prometheus" / "rules.yml"
RETENTION_DAYS = 150
"""Paid by the gigabyte, and a stage writes a few megabytes a month."""


class PrometheusWorkspace(Construct):
    """A workspace that evaluates the rules and logs what goes wrong with them.

    It has no alert manager: CloudWatch wakes people already, and one cause should ring once. The alerts can be seen
    as the series `ALERTS`; infra/prometheus/README.md says how to page from here instead.
    """

    def __init__(self, scope: Construct, construct_id: str, *, stage: StageSettings) -> None:
        super().__init__(scope, construct_id)
        self._name = f"smartqueue-{stage.name}"
        # The service only writes to log groups whose names begin so.
        log: logs.LogGroup = new_log_group(self, "Log", name=f"/aws/vendedlogs/prometheus/{self._name}", stage=stage)
        self._workspace = aps.CfnWorkspace(
            self,
            "Workspace",
            alias=self._name,
            logging_configuration=aps.CfnWorkspace.LoggingConfigurationProperty(log_group_arn=log.log_group_arn),
            workspace_configuration=aps.CfnWorkspace.WorkspaceConfigurationProperty(
                retention_period_in_days=RETENTION_DAYS
            ),
        )
        self._workspace.apply_removal_policy(stage.removal_policy)
        aps.CfnRuleGroupsNamespace(
            self,
            "Rules",
            name=self._name,
            workspace=self._workspace.attr_arn,
            data=RULES.read_text(encoding="utf-8"),
        )

    @property
    def url(self) -> str:
        """The base of its API, as Grafana wants it; queries go to `api/v1/query` below it."""
        # Not its attribute: AWS's own pages disagree about whether that ends in api/v1.
        stack = cdk.Stack.of(self)
        return (
            f"https://aps-workspaces.{stack.region}.{stack.url_suffix}/workspaces/{self._workspace.attr_workspace_id}"
        )

    @property
    def writing(self) -> Access:
        """What a function needs to write to it."""
        return Access(
            variables={"REMOTE_WRITE_URL": f"{self.url}/api/v1/remote_write"},
            statements=[iam.PolicyStatement(actions=["aps:RemoteWrite"], resources=[self._workspace.attr_arn])],
        )
