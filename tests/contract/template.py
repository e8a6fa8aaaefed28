"""A CloudFormation template with one of everything that the project asks of the emulator."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

STACK = "contract"
API_ID = "contractapi"
BUCKET = "contract-code"
PREFIX = "smartqueue-contract-"
CLUSTER_ARN = "arn:aws:kafka:us-east-1:000000000000:cluster/contract/00000000-0000-0000-0000-000000000000-1"
ROLE = "arn:aws:iam::000000000000:role/contract"
MAPPINGS = {"Whole": "whole-topic", "Partial": "partial-topic", "Limited": "limited-topic"}
QUEUE = "contract-undelivered"
_REPORTING = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}
_OPTIONS: dict[str, dict[str, Any]] = {
    "Whole": {},
    "Partial": _REPORTING,
    "Limited": {
        **_REPORTING,
        "MaximumRetryAttempts": 1,
        "DestinationConfig": {"OnFailure": {"Destination": {"Fn::GetAtt": ["Undelivered", "Arn"]}}},
    },
}


def code_zip() -> bytes:
    """The functions' code."""
    return _zip({"handlers.py": (Path(__file__).parent / "functions" / "handlers.py").read_text(encoding="utf-8")})


def layer_zip() -> bytes:
    """A layer with one module."""
    return _zip({"python/contract_layer.py": "VALUE = 'from the layer'\n"})


def _zip(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def template(folder: Path, *, enabled: bool = True) -> dict[str, Any]:
    """The template; functions write into sub-folders of `folder`."""
    resources: dict[str, Any] = {
        "Layer": {
            "Type": "AWS::Lambda::LayerVersion",
            "Properties": {"Content": {"S3Bucket": BUCKET, "S3Key": "layer.zip"}, "LayerName": "contract"},
        },
        "Secret": {
            "Type": "AWS::SecretsManager::Secret",
            "Properties": {
                "Name": "contract/generated",
                "GenerateSecretString": {
                    "SecretStringTemplate": {"Fn::Sub": '{"host": "${Host}"}'},
                    "GenerateStringKey": "password",
                    "PasswordLength": 40,
                    "ExcludePunctuation": True,
                },
            },
        },
        "Echo": _function("echo", folder, layers=[{"Ref": "Layer"}], variables={"SECRET_NAME": {"Ref": "Secret"}}),
        "Authorize": _function("authorize", folder),
        "CustomFunction": _function("custom_resource", folder),
        "Custom": {
            "Type": "Custom::Contract",
            "Properties": {"ServiceToken": {"Fn::GetAtt": ["CustomFunction", "Arn"]}, "Question": "really"},
        },
        "Tick": _function("tick", folder),
        "EveryMinute": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "ScheduleExpression": "rate(1 minute)",
                "State": "ENABLED",
                "Targets": [{"Arn": {"Fn::GetAtt": ["Tick", "Arn"]}, "Id": "tick", "Input": '{"from": "schedule"}'}],
            },
        },
        "Measure": _function("measure", folder),
        "Undelivered": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": QUEUE}},
        **_api(),
    }
    for name, topic in MAPPINGS.items():
        resources[f"{name}Function"] = _function("consume", folder, name=name.lower())
        resources[f"{name}Mapping"] = {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "FunctionName": {"Ref": f"{name}Function"},
                "EventSourceArn": CLUSTER_ARN,
                "Topics": [topic],
                "StartingPosition": "TRIM_HORIZON",
                "BatchSize": 10,
                "Enabled": enabled,
                "AmazonManagedKafkaEventSourceConfig": {"ConsumerGroupId": f"{name.lower()}-group"},
                **_OPTIONS[name],
            },
        }
    return {
        "Parameters": {"Host": {"Type": "String"}},
        "Resources": resources,
        "Outputs": {"Answer": {"Value": {"Fn::GetAtt": ["Custom", "Answer"]}}},
    }


def _function(
    handler: str,
    folder: Path,
    *,
    name: str = "",
    layers: list[Any] | None = None,
    variables: dict[str, Any] | None = None,
) -> dict[str, Any]:
    name = name or handler.replace("_", "-")
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "FunctionName": PREFIX + name,
            "Runtime": "python3.13",
            "Handler": f"handlers.{handler}",
            "Code": {"S3Bucket": BUCKET, "S3Key": "code.zip"},
            "Role": ROLE,
            "Timeout": 10,
            "MemorySize": 256,
            "Layers": layers or [],
            "Environment": {"Variables": {"FOLDER": str(folder / name), **(variables or {})}},
        },
    }


def _api() -> dict[str, Any]:
    def invocation(function: str) -> dict[str, Any]:
        arn = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${" + function + ".Arn}/invocations"
        return {"Fn::Sub": arn}

    def method(resource: str, *, protected: bool) -> dict[str, Any]:
        guard = {"AuthorizationType": "CUSTOM", "AuthorizerId": {"Ref": "Authorizer"}}
        return {
            "Type": "AWS::ApiGateway::Method",
            "Properties": {
                "RestApiId": {"Ref": "Api"},
                "ResourceId": {"Ref": resource},
                "HttpMethod": "POST",
                **(guard if protected else {"AuthorizationType": "NONE"}),
                "Integration": {
                    "Type": "AWS_PROXY",
                    "IntegrationHttpMethod": "POST",
                    "Uri": invocation("Echo"),
                },
            },
        }

    def path(part: str) -> dict[str, Any]:
        parent = {"Fn::GetAtt": ["Api", "RootResourceId"]}
        return {
            "Type": "AWS::ApiGateway::Resource",
            "Properties": {"RestApiId": {"Ref": "Api"}, "ParentId": parent, "PathPart": part},
        }

    def gateway_response(kind: str, status: int) -> dict[str, Any]:
        body = json.dumps({"status": status, "kind": kind, "correlationId": "$context.requestId"})
        return {
            "Type": "AWS::ApiGateway::GatewayResponse",
            "Properties": {
                "RestApiId": {"Ref": "Api"},
                "ResponseType": kind,
                "StatusCode": str(status),
                "ResponseParameters": {"gatewayresponse.header.Content-Type": "'application/problem+json'"},
                "ResponseTemplates": {"application/json": body},
            },
        }

    return {
        "Api": {
            "Type": "AWS::ApiGateway::RestApi",
            "Properties": {"Name": "contract", "Tags": [{"Key": "ms-custom-id", "Value": API_ID}]},
        },
        "Authorizer": {
            "Type": "AWS::ApiGateway::Authorizer",
            "Properties": {
                "Name": "tokens",
                "RestApiId": {"Ref": "Api"},
                "Type": "TOKEN",
                "IdentitySource": "method.request.header.Authorization",
                "AuthorizerUri": invocation("Authorize"),
                "AuthorizerResultTtlInSeconds": 0,
            },
        },
        "Open": path("open"),
        "Guarded": path("guarded"),
        "OpenMethod": method("Open", protected=False),
        "GuardedMethod": method("Guarded", protected=True),
        "Refused": gateway_response("UNAUTHORIZED", 401),
        "Denied": gateway_response("ACCESS_DENIED", 403),
        "Unknown": gateway_response("MISSING_AUTHENTICATION_TOKEN", 404),
        "Deployment": {
            "Type": "AWS::ApiGateway::Deployment",
            "DependsOn": ["OpenMethod", "GuardedMethod"],
            "Properties": {"RestApiId": {"Ref": "Api"}},
        },
        "Stage": {
            "Type": "AWS::ApiGateway::Stage",
            "Properties": {"RestApiId": {"Ref": "Api"}, "DeploymentId": {"Ref": "Deployment"}, "StageName": "v1"},
        },
    }
