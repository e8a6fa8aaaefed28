"""Calls of AWS's API while a stack is deployed, for what CloudFormation itself cannot ask or do."""

from collections.abc import Mapping, Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import custom_resources as custom
from constructs import Construct

from infra.cdk.components.acknowledgement import acknowledge
from infra.cdk.components.log_group import new_log_group
from infra.cdk.settings import StageSettings

# Where CDK puts the one function of a stack.
FUNCTION = "AWS" + custom.AwsCustomResource.PROVIDER_FUNCTION_UUID.replace("-", "")


class AwsCalls(Construct):
    """A function of CDK's that makes the calls; at most one such construct in a stack, since CDK makes it once."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: StageSettings, name: str) -> None:
        super().__init__(scope, construct_id)
        self._log_group = new_log_group(self, "Logs", name=f"/aws/lambda/smartqueue-{stage.name}-{name}", stage=stage)
        # CDK would attach a managed policy that may write to every log of the account.
        self._role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=f"Calls AWS for the deployment of the task queue's {name}, stage {stage.name}.",
        )
        self._log_group.grant_write(self._role)

    def add(
        self,
        construct_id: str,
        *,
        service: str,
        action: str,
        parameters: Mapping[str, object],
        resource: str,
        made_anew_with: str,
        output: Sequence[str] = (),
        forgivable: str | None = None,
    ) -> custom.AwsCustomResource:
        """Make one call when the stack is created, and again whenever a parameter or `made_anew_with` is another.

        Args: `resource` is the only ARN that the call may touch; `output` names the fields of the answer that others
        read; `forgivable` is a pattern of error codes that mean: it is so already.
        """
        call = custom.AwsSdkCall(
            service=service,
            action=action,
            parameters=dict(parameters),
            physical_resource_id=custom.PhysicalResourceId.of(made_anew_with),
            output_paths=list(output) or None,
            ignore_error_codes_matching=forgivable,
        )
        made = custom.AwsCustomResource(
            self,
            construct_id,
            on_update=call,
            policy=custom.AwsCustomResourcePolicy.from_statements(
                [iam.PolicyStatement(actions=[f"{service.lower()}:{action}"], resources=[resource])]
            ),
            role=self._role,
            log_group=self._log_group,
            # The client of Lambda's runtime knows the calls; fetching the newest would need the internet.
            install_latest_aws_sdk=False,
            memory_size=256,
        )
        self._acknowledge_findings()
        return made

    def _acknowledge_findings(self) -> None:
        function = cdk.Stack.of(self).node.find_child(FUNCTION)
        acknowledge(
            function,
            "Serverless-LambdaDLQ",
            "CloudFormation calls it and waits for the answer: a call that fails fails the deployment.",
        )
        acknowledge(
            function,
            "Serverless-LambdaTracing",
            "It makes one call in a deployment, and its log tells what came back.",
        )
