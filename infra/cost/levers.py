"""What can be turned down, what that saves at a million jobs a month, and what it gives up.

A lever changes the templates as its setting would, and the whole bill is written again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from infra.cost.bill import Context
from infra.cost.idle import idle_lines
from infra.cost.jobs import job_lines
from infra.cost.prices import Money
from infra.cost.templates import Resource, StageTemplates

MOST_LEVERS = 5
LEAST_DOLLARS = 0.5


@dataclass(frozen=True, kw_only=True)
class Lever:
    """One way to pay less."""

    setting: str
    gives_up: str
    pull: Callable[[Context], Context]


@dataclass(frozen=True, kw_only=True)
class Saving:
    """What a lever saves a month."""

    lever: Lever
    money: Money


def biggest_savings(context: Context) -> list[Saving]:
    """The levers that save most, the biggest first."""
    before = _bill(context)
    savings = [Saving(lever=lever, money=_less(before, _bill(lever.pull(context)))) for lever in LEVERS]
    worth_it = [saving for saving in savings if saving.money.likely >= LEAST_DOLLARS]
    return sorted(worth_it, key=lambda saving: saving.money.likely, reverse=True)[:MOST_LEVERS]


def _bill(context: Context) -> Money:
    return Money.total(line.cost for line in (*idle_lines(context), *job_lines(context)))


def _less(before: Money, after: Money) -> Money:
    # The same uncertain prices stand on both sides, so low is taken from low.
    return Money(before.likely - after.likely, *sorted((before.low - after.low, before.high - after.high)))


def _changed(kind: str, change: Callable[[dict[str, Any]], object]) -> Callable[[Context], Context]:
    """A lever that changes the properties of all resources of a type."""

    def pull(context: Context) -> Context:
        return _with_resources(
            context, [_change(r, change) if r.kind == kind else r for r in context.templates.resources]
        )

    return pull


def _first_only(*kinds: str) -> Callable[[Context], Context]:
    """A lever that leaves one resource of each type."""

    def pull(context: Context) -> Context:
        seen: set[str] = set()
        kept = []
        for resource in context.templates.resources:
            if resource.kind not in kinds or resource.kind not in seen:
                kept.append(resource)
            seen.add(resource.kind)
        return _with_resources(context, kept)

    return pull


def _without(*prefixes: str) -> Callable[[Context], Context]:
    """A lever that takes types away."""
    return lambda context: _with_resources(
        context, [r for r in context.templates.resources if not r.kind.startswith(prefixes)]
    )


def _without_prometheus(context: Context) -> Context:
    name = f"smartqueue-{context.templates.stage}-export"
    kept = [
        r
        for r in context.templates.resources
        if name not in (r.properties.get("FunctionName"), r.properties.get("Name"))
    ]
    return _without("AWS::APS::")(_with_resources(context, kept))


def _without_arithmetic(context: Context) -> Context:
    return _with_resources(
        context,
        [
            r
            for r in context.templates.resources
            if r.kind != "AWS::CloudWatch::CompositeAlarm"
            and not (r.kind == "AWS::CloudWatch::Alarm" and "Metrics" in r.properties)
        ],
    )


def _without_model(context: Context) -> Context:
    job = context.usage.job.model_copy(update={"ai_share": 0.0})
    return replace(context, usage=context.usage.model_copy(update={"job": job}))


def _smaller_relay(context: Context) -> Context:
    name = f"smartqueue-{context.templates.stage}-relay"

    def shrink(properties: dict[str, Any]) -> None:
        if properties.get("FunctionName") == name:
            properties["MemorySize"] = min(properties["MemorySize"], 256)

    return _changed("AWS::Lambda::Function", shrink)(context)


def _with_resources(context: Context, resources: list[Resource]) -> Context:
    return replace(context, templates=StageTemplates(stage=context.templates.stage, resources=tuple(resources)))


def _change(resource: Resource, change: Callable[[dict[str, Any]], object]) -> Resource:
    properties = dict(resource.properties)
    change(properties)
    return replace(resource, properties=properties)


def _smaller_brokers(properties: dict[str, Any]) -> None:
    nodes: Mapping[str, Any] = properties["BrokerNodeGroupInfo"]
    properties["BrokerNodeGroupInfo"] = {**nodes, "InstanceType": "kafka.t3.small"}


def _smaller_disks(properties: dict[str, Any]) -> None:
    nodes: Mapping[str, Any] = properties["BrokerNodeGroupInfo"]
    size = min(float(nodes["StorageInfo"]["EBSStorageInfo"]["VolumeSize"]), 20)
    properties["BrokerNodeGroupInfo"] = {**nodes, "StorageInfo": {"EBSStorageInfo": {"VolumeSize": size}}}


LEVERS = (
    Lever(
        setting="kafka.instance-type=kafka.t3.small",
        gives_up="steady throughput: small brokers live on CPU credits and take four new IAM connections a second",
        pull=_changed("AWS::MSK::Cluster", _smaller_brokers),
    ),
    Lever(
        setting="kafka.volume-gigabytes=20",
        gives_up="room for events: less retention, or an alarm sooner; disks can grow later and never shrink",
        pull=_changed("AWS::MSK::Cluster", _smaller_disks),
    ),
    Lever(
        setting="database.multi-az=false",
        gives_up="a standby: a failed server or zone means minutes to hours of refused jobs, and maintenance an outage",
        pull=_changed("AWS::RDS::DBInstance", lambda properties: properties.update(MultiAZ=False)),
    ),
    Lever(
        setting="database.instance-class=t4g.medium",
        gives_up="half of the memory, and a processor that is throttled when its credits are used up",
        pull=_changed("AWS::RDS::DBInstance", lambda properties: properties.update(DBInstanceClass="db.t4g.medium")),
    ),
    Lever(
        setting="triggers.provisioned=false",
        gives_up="partial batch responses and the queue of last resort: a failing batch comes again until it expires",
        pull=_changed(
            "AWS::Lambda::EventSourceMapping", lambda properties: properties.pop("ProvisionedPollerConfig", None)
        ),
    ),
    Lever(
        setting="network.nat-gateways=1",
        gives_up="the AI model and webhooks in all zones while the gateway's zone is away",
        pull=_first_only("AWS::EC2::NatGateway", "AWS::EC2::EIP"),
    ),
    Lever(
        setting="cache.replicas=0",
        gives_up="a copy to fail over to: without the cache, quotas and idempotency keys start anew",
        pull=_changed(
            "AWS::ElastiCache::ReplicationGroup",
            lambda properties: properties.update(NumCacheClusters=1, NumNodeGroups=1, ReplicasPerNodeGroup=0),
        ),
    ),
    Lever(
        setting="api.firewall=none",
        gives_up="the managed rules, and the limit for each address",
        pull=_without("AWS::WAFv2::"),
    ),
    Lever(
        setting="prometheus=false",
        gives_up="the managed Prometheus; GET /metrics stays, for one of your own",
        pull=_without_prometheus,
    ),
    Lever(
        setting="full-cloudwatch=false",
        gives_up="alarms on ratios and lag, and that one cause rings once",
        pull=_without_arithmetic,
    ),
    Lever(
        setting="functions.<name>.snap-start=false",
        gives_up="quick first answers: a cold start takes seconds",
        pull=_changed("AWS::Lambda::Function", lambda properties: properties.pop("SnapStart", None)),
    ),
    Lever(
        setting="functions.relay.memory-megabytes=256",
        gives_up="half of the relay's share of a processor, and with it events published a second",
        pull=_smaller_relay,
    ),
    Lever(
        setting='the secret of the AI model says "none"',
        gives_up="the model: keyword rules classify every ticket, see docs/classifier.md for how well",
        pull=_without_model,
    ),
)
