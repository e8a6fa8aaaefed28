"""Promise: nobody may do more than is needed; where AWS has no narrower word, the reason is written down."""

from tests.infra.assembly import Assembly
from tests.infra.survey import Statement, functions, of_kind, statements

# Actions whose resource must be "*", and why.
UNBOUNDED = {
    "xray:PutTraceSegments": "X-Ray knows no resources for traces.",
    "xray:PutTelemetryRecords": "X-Ray knows no resources for traces.",
    "ec2:CreateNetworkInterface": "Lambda makes its interfaces in a VPC under this right before they have names.",
    "ec2:DescribeNetworkInterfaces": "EC2 knows no resources for looking things up.",
    "ec2:DeleteNetworkInterface": "The interfaces get their names from Lambda, at random.",
    "ec2:DescribeSubnets": "EC2 knows no resources for looking things up.",
    "ec2:DescribeSecurityGroups": "EC2 knows no resources for looking things up.",
    "ec2:DescribeVpcs": "EC2 knows no resources for looking things up.",
}
# Policies that lie on a resource speak of that resource alone, whose own policy must call it "*".
ON_THE_RESOURCE = {"KeyPolicy": "A key's policy can name no other key than its own."}
# Groups of resources, by the end of their pattern, with what may be done to them, and why no single one can be named.
GROUPS = {
    ":s3:::cloudformation-custom-resource-response-useast1/*": (
        {"s3:PutObject"},
        "CloudFormation makes up the name of the object that it wants its answer in.",
    ),
    "/heads/*": (
        {"s3:GetObjectVersion", "s3:PutObject"},
        "A seal's name is the moment it was made at.",
    ),
    ":secret:smartqueue/<stage>/*": (
        {
            "secretsmanager:DescribeSecret",
            "secretsmanager:GetSecretValue",
            "secretsmanager:PutSecretValue",
            "secretsmanager:UpdateSecretVersionStage",
        },
        "The network is there before the secrets; the endpoint lets pass what the roles may do one by one.",
    ),
    ":function:smartqueue-<stage>-*": (
        {"lambda:InvokeFunction"},
        "The network is there before the functions that pollers invoke through this endpoint.",
    ),
    ":role/SmartQueue-<stage>-*": (
        {"sts:AssumeRole"},
        "The network is there before the roles that pollers take through this endpoint; CloudFormation names them.",
    ),
    ":log-group:RDSOSMetrics:log-stream:*": (
        {"logs:CreateLogStream", "logs:DescribeLogStreams", "logs:GetLogEvents", "logs:PutLogEvents"},
        "RDS names a stream after an identifier of the database that is made up when the database is.",
    ),
}


def test_no_action_has_a_wildcard(stage: Assembly) -> None:
    wild = [
        f"{statement.owner}: {statement.actions}"
        for statement in statements(stage)
        if statement.effect == "Allow"
        and any("*" in action for action in statement.actions)
        and not _is_the_key_of_the_account(statement)
    ]
    assert wild == []


def test_a_wildcard_in_a_resource_has_a_reason(stage: Assembly) -> None:
    unexplained = [
        f"{statement.owner}: {statement.actions} on {resource}"
        for statement, resource in _wild_resources(stage)
        if not (resource == "*" and statement.actions and UNBOUNDED.keys() >= set(statement.actions))
        and not (resource == "*" and statement.document in ON_THE_RESOURCE)
        and _group(stage, statement, resource) is None
    ]
    assert unexplained == []


def test_rights_name_what_is_allowed_rather_than_what_is_not(stage: Assembly) -> None:
    inverted = [
        f"{statement.owner}: {statement.body}"
        for statement in statements(stage)
        if statement.effect == "Allow" and statement.body.keys() & {"NotAction", "NotResource", "NotPrincipal"}
    ]
    assert inverted == []


def test_every_reason_is_still_needed(prod: Assembly, dev: Assembly) -> None:
    wild = [(stage, statement, resource) for stage in (prod, dev) for statement, resource in _wild_resources(stage)]
    used = {action for _, statement, resource in wild if resource == "*" for action in statement.actions}
    assert UNBOUNDED.keys() <= used
    assert {_group(*where) for where in wild} - {None} == GROUPS.keys()
    assert {statement.document for _, statement, resource in wild if resource == "*"} >= ON_THE_RESOURCE.keys()


def test_every_function_has_a_role_of_its_own(stage: Assembly) -> None:
    roles = [str(found.properties["Role"]) for found in functions(stage).values()]
    assert len(set(roles)) == len(roles)


def test_nothing_of_ours_has_a_managed_policy(stage: Assembly) -> None:
    ours = {found.properties["Role"]["Fn::GetAtt"][0] for found in functions(stage).values()}
    for role in of_kind(stage, "AWS::IAM::Role"):
        if role.logical_id in ours:
            assert not role.properties.get("ManagedPolicyArns"), role


def _wild_resources(stage: Assembly) -> list[tuple[Statement, str]]:
    return [
        (statement, resource)
        for statement in statements(stage)
        if statement.effect == "Allow"
        for resource in statement.resources
        if "*" in resource or "?" in resource
    ]


def _group(stage: Assembly, statement: Statement, resource: str) -> str | None:
    """The group in `GROUPS` that allows the statement, if any."""
    for pattern, (actions, _) in GROUPS.items():
        end = pattern.replace("<stage>", stage.stage)
        before = resource.removesuffix(end)
        if before != resource and "*" not in before and actions >= set(statement.actions):
            return pattern
    return None


def _is_the_key_of_the_account(statement: Statement) -> bool:
    """Whether it is the one statement without which nobody, not even the account's root, could manage a key."""
    principal = str(statement.body.get("Principal", ""))
    return statement.document == "KeyPolicy" and statement.actions == ("kms:*",) and ":root" in principal
