"""The API under a name of the operator's own."""

from typing import TypedDict

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_route53_targets as targets
from constructs import Construct

from infra.cdk.settings import ApiSettings


class Named(TypedDict, total=False):
    """What a REST API is told of its name; nothing, where it has none."""

    domain_name: apigateway.DomainNameOptions
    disable_execute_api_endpoint: bool


def domain_options(scope: Construct, settings: ApiSettings) -> Named:
    """The name and its certificate; the address that API Gateway gives is closed, so nobody passes the name by."""
    if settings.domain_name is None:
        return {}
    certificate: acm.ICertificate
    if settings.certificate_arn:
        certificate = acm.Certificate.from_certificate_arn(scope, "Certificate", settings.certificate_arn)
    else:
        certificate = acm.Certificate(
            scope,
            "Certificate",
            domain_name=settings.domain_name,
            validation=acm.CertificateValidation.from_dns(_zone(scope, settings)),
        )
    return {
        "domain_name": apigateway.DomainNameOptions(
            domain_name=settings.domain_name,
            certificate=certificate,
            endpoint_type=apigateway.EndpointType.REGIONAL,
            security_policy=apigateway.SecurityPolicy.TLS_1_2,
        ),
        "disable_execute_api_endpoint": True,
    }


def add_name(scope: Construct, api: apigateway.RestApi, settings: ApiSettings) -> None:
    """Point the name at the API, or say where it must point."""
    if api.domain_name is None:
        return
    if settings.hosted_zone_id:
        alias = route53.RecordTarget.from_alias(targets.ApiGatewayDomain(api.domain_name))
        route53.ARecord(
            scope, "Name", zone=_zone(scope, settings), record_name=f"{settings.domain_name}.", target=alias
        )
    cdk.CfnOutput(cdk.Stack.of(scope), "ApiDomainTarget", value=api.domain_name.domain_name_alias_domain_name)


def _zone(scope: Construct, settings: ApiSettings) -> route53.IHostedZone:
    if found := scope.node.try_find_child("Zone"):
        zone: route53.IHostedZone = found  # type: ignore[assignment]
        return zone
    return route53.HostedZone.from_hosted_zone_attributes(
        scope,
        "Zone",
        hosted_zone_id=str(settings.hosted_zone_id),
        zone_name=str(settings.hosted_zone_name),
    )
