"""The firewall before the API: what it stops, what it lets through, and what it writes down."""

import json
import re
from typing import Any

import pytest

from infra.cdk.stages import PROD
from smartqueue.request_checks import MAX_BODY_BYTES
from tests.infra.assembly import Assembly


@pytest.fixture
def rules(prod: Assembly) -> dict[str, dict[str, Any]]:
    (acl,) = prod.resources("Service", "AWS::WAFv2::WebACL").values()
    return {rule["Name"]: rule for rule in acl["Properties"]["Rules"]}


def test_it_stands_before_the_api(prod: Assembly) -> None:
    (association,) = prod.resources("Service", "AWS::WAFv2::WebACLAssociation").values()
    (stage,) = prod.resources("Service", "AWS::ApiGateway::Stage")
    assert stage in json.dumps(association["Properties"]["ResourceArn"])


def test_an_address_that_asks_too_often_is_told_to_wait(rules: dict[str, dict[str, Any]]) -> None:
    assert PROD.api.firewall is not None
    statement = rules["TooOften"]["Statement"]["RateBasedStatement"]
    assert statement["Limit"] == PROD.api.firewall.requests_per_address
    answer = rules["TooOften"]["Action"]["Block"]["CustomResponse"]
    assert answer["ResponseCode"] == 429
    assert answer["ResponseHeaders"] == [{"Name": "Retry-After", "Value": "60"}]


@pytest.mark.parametrize(
    ("length", "is_stopped"), [(0, False), (999_999, False), (MAX_BODY_BYTES, True), (10**9, True)]
)
def test_what_the_handlers_would_refuse_as_too_large_is_stopped_before(
    rules: dict[str, dict[str, Any]], length: int, is_stopped: bool
) -> None:
    statement = rules["TooLarge"]["Statement"]["RegexMatchStatement"]
    assert statement["FieldToMatch"] == {"SingleHeader": {"Name": "content-length"}}
    assert bool(re.search(statement["RegexString"], str(length))) is is_stopped
    assert rules["TooLarge"]["Action"]["Block"]["CustomResponse"]["ResponseCode"] == 413


def test_tickets_may_quote_sql_and_attacks(rules: dict[str, dict[str, Any]]) -> None:
    counted = {
        override["Name"]: override["ActionToUse"]
        for rule in rules.values()
        for override in rule["Statement"].get("ManagedRuleGroupStatement", {}).get("RuleActionOverrides", [])
    }
    assert {"CrossSiteScripting_BODY", "GenericRFI_BODY", "Log4JRCE_BODY", "SizeRestrictions_BODY"} <= counted.keys()
    assert all(action == {"Count": {}} for action in counted.values())
    assert "AWSManagedRulesSQLiRuleSet" not in rules


def test_rules_are_tried_in_one_order(rules: dict[str, dict[str, Any]]) -> None:
    assert sorted(rule["Priority"] for rule in rules.values()) == list(range(len(rules)))


def test_what_it_stops_is_logged_without_tokens(prod: Assembly) -> None:
    (logging,) = prod.resources("Service", "AWS::WAFv2::LoggingConfiguration").values()
    assert logging["Properties"]["RedactedFields"] == [{"SingleHeader": {"Name": "authorization"}}]
    names = [group["Properties"]["LogGroupName"] for group in prod.resources("Service", "AWS::Logs::LogGroup").values()]
    assert "aws-waf-logs-smartqueue-prod" in names
    assert logging["Properties"]["LoggingFilter"]["DefaultBehavior"] == "DROP"


def test_an_emulator_has_none(local: Assembly) -> None:
    assert not local.resources("Service", "AWS::WAFv2::WebACL")
