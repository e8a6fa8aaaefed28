"""AWS WAF before the API: who asks too often, who is known to be bad, and what is too large.

Bodies are read but not judged: a ticket about a database quotes SQL, one about an attack quotes the attack, and a
webhook names an address. What bodies can do is bounded by the handlers.
"""

import json

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_logs as logs
from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

from infra.cdk.components.log_group import new_log_group
from infra.cdk.settings import FirewallSettings, StageSettings

# The handlers refuse it too (smartqueue/request_checks.py); here it costs no invocation.
TOO_LARGE = r"^[0-9]{7,}$"
"""Of the header Content-Length: a million bytes and more."""

MANAGED_RULES: dict[str, tuple[str, ...]] = {
    "AWSManagedRulesAmazonIpReputationList": (),
    "AWSManagedRulesKnownBadInputsRuleSet": (
        "JavaDeserializationRCE_BODY",
        "Log4JRCE_BODY",
        "ReactJSRCE_BODY",
    ),
    "AWSManagedRulesCommonRuleSet": (
        "SizeRestrictions_BODY",
        "EC2MetaDataSSRF_BODY",
        "GenericLFI_BODY",
        "GenericRFI_BODY",
        "CrossSiteScripting_BODY",
        # Command-line clients and scripts are who this API is for.
        "NoUserAgent_HEADER",
    ),
}
"""Groups of rules that AWS keeps, and which of their rules only count."""


class Firewall(Construct):
    """A web ACL in front of the API's stage, and a log of what it stopped."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: StageSettings,
        settings: FirewallSettings,
        api: apigateway.RestApi,
    ) -> None:
        super().__init__(scope, construct_id)
        rules = [_too_large(), _too_often(settings.requests_per_address), *_managed()]
        acl = wafv2.CfnWebACL(
            self,
            "Acl",
            name=f"smartqueue-{stage.name}",
            description="Before the API of the task queue.",
            scope="REGIONAL",
            default_action=wafv2.CfnWebACL.DefaultActionProperty(allow={}),
            # Not "All", which WAF keeps for itself; and no other stage of the account may count into it.
            visibility_config=_visibility(f"smartqueue-{stage.name}"),
            custom_response_bodies={
                "TooLarge": _problem(413, "Content Too Large", "Send less than a million bytes at once."),
                "TooOften": _problem(429, "Too Many Requests", "This address asks too often. Slow down."),
            },
            rules=[_numbered(rule, priority) for priority, rule in enumerate(rules)],
        )
        api_stage = api.deployment_stage
        wafv2.CfnWebACLAssociation(self, "Association", resource_arn=api_stage.stage_arn, web_acl_arn=acl.attr_arn)
        self._log(acl, stage)

    def _log(self, acl: wafv2.CfnWebACL, stage: StageSettings) -> None:
        # WAF only writes to log groups whose names begin so.
        group: logs.LogGroup = new_log_group(self, "Log", name=f"aws-waf-logs-smartqueue-{stage.name}", stage=stage)
        header = wafv2.CfnLoggingConfiguration.FieldToMatchProperty(single_header={"Name": "authorization"})
        wafv2.CfnLoggingConfiguration(
            self,
            "Logging",
            resource_arn=acl.attr_arn,
            log_destination_configs=[
                cdk.Stack.of(self).format_arn(
                    service="logs",
                    resource="log-group",
                    resource_name=group.log_group_name,
                    arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
                )
            ],
            redacted_fields=[header],
            logging_filter={
                "DefaultBehavior": "DROP",
                "Filters": [
                    {
                        "Behavior": "KEEP",
                        "Requirement": "MEETS_ANY",
                        "Conditions": [{"ActionCondition": {"Action": action}} for action in ("BLOCK", "COUNT")],
                    }
                ],
            },
        )


def _too_large() -> wafv2.CfnWebACL.RuleProperty:
    return wafv2.CfnWebACL.RuleProperty(
        name="TooLarge",
        priority=0,
        action=_block(413, "TooLarge"),
        visibility_config=_visibility("TooLarge"),
        statement=wafv2.CfnWebACL.StatementProperty(
            regex_match_statement=wafv2.CfnWebACL.RegexMatchStatementProperty(
                field_to_match=wafv2.CfnWebACL.FieldToMatchProperty(single_header={"Name": "content-length"}),
                regex_string=TOO_LARGE,
                text_transformations=[wafv2.CfnWebACL.TextTransformationProperty(priority=0, type="NONE")],
            )
        ),
    )


def _too_often(limit: int) -> wafv2.CfnWebACL.RuleProperty:
    return wafv2.CfnWebACL.RuleProperty(
        name="TooOften",
        priority=0,
        action=_block(429, "TooOften", retry_after="60"),
        visibility_config=_visibility("TooOften"),
        statement=wafv2.CfnWebACL.StatementProperty(
            rate_based_statement=wafv2.CfnWebACL.RateBasedStatementProperty(
                aggregate_key_type="IP", evaluation_window_sec=300, limit=limit
            )
        ),
    )


def _managed() -> list[wafv2.CfnWebACL.RuleProperty]:
    count = wafv2.CfnWebACL.RuleActionProperty(count={})
    return [
        wafv2.CfnWebACL.RuleProperty(
            name=name,
            priority=0,
            override_action=wafv2.CfnWebACL.OverrideActionProperty(none={}),
            visibility_config=_visibility(name),
            statement=wafv2.CfnWebACL.StatementProperty(
                managed_rule_group_statement=wafv2.CfnWebACL.ManagedRuleGroupStatementProperty(
                    vendor_name="AWS",
                    name=name,
                    rule_action_overrides=[
                        wafv2.CfnWebACL.RuleActionOverrideProperty(name=rule, action_to_use=count) for rule in counted
                    ],
                )
            ),
        )
        for name, counted in MANAGED_RULES.items()
    ]


def _numbered(rule: wafv2.CfnWebACL.RuleProperty, priority: int) -> wafv2.CfnWebACL.RuleProperty:
    return wafv2.CfnWebACL.RuleProperty(
        name=rule.name,
        priority=priority,
        action=rule.action,
        override_action=rule.override_action,
        statement=rule.statement,
        visibility_config=rule.visibility_config,
    )


def _block(status: int, body: str, *, retry_after: str | None = None) -> wafv2.CfnWebACL.RuleActionProperty:
    headers = [wafv2.CfnWebACL.CustomHTTPHeaderProperty(name="Retry-After", value=retry_after)] if retry_after else None
    response = wafv2.CfnWebACL.CustomResponseProperty(
        response_code=status, custom_response_body_key=body, response_headers=headers
    )
    return wafv2.CfnWebACL.RuleActionProperty(
        block=wafv2.CfnWebACL.BlockActionProperty(custom_response=response),
    )


def _problem(status: int, title: str, detail: str) -> wafv2.CfnWebACL.CustomResponseBodyProperty:
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return wafv2.CfnWebACL.CustomResponseBodyProperty(content=json.dumps(body), content_type="APPLICATION_JSON")


def _visibility(name: str) -> wafv2.CfnWebACL.VisibilityConfigProperty:
    return wafv2.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=False
    )
