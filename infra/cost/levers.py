"""What can be turned down, what that saves at a million jobs a month, and what it gives up.

A lever is a setting: the stage is synthesised again with it, and the whole bill is written again. So what a setting
brings along (endpoints that pollers need, a function that goes) is in the sum.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from infra.cdk.settings import StageSettings
from infra.cost.bill import Context
from infra.cost.idle import idle_lines
from infra.cost.jobs import job_lines
from infra.cost.prices import Money
from infra.cost.templates import StageTemplates

MOST_LEVERS = 5
LEAST_DOLLARS = 0.5

type Synthesise = Callable[[StageSettings], StageTemplates]


@dataclass(frozen=True, kw_only=True)
class Lever:
    """One way to pay less: settings and their values, as on the command line."""

    values: Mapping[str, str]
    gives_up: str

    @property
    def text(self) -> str:
        """What to type, as Markdown."""
        return f"`{' '.join(f'-c {setting}={value}' for setting, value in self.values.items())}`"


@dataclass(frozen=True, kw_only=True)
class Saving:
    """What a lever saves a month."""

    text: str
    gives_up: str
    money: Money


def biggest_savings(context: Context, stage: StageSettings, synthesise: Synthesise) -> list[Saving]:
    """The levers that save most, the biggest first; `context` is the bill of `stage` as it is."""
    before = _bill(context)
    savings = [
        Saving(
            text='the secret of the AI model says "none"',
            gives_up="the model: keyword rules classify every ticket, see docs/classifier.md for how well",
            money=_less(before, _bill(_without_model(context))),
        )
    ]
    for lever in (*LEVERS, *_snap_start(stage)):
        changed = stage.with_values(lever.values)
        if changed != stage:
            after = _bill(replace(context, templates=synthesise(changed)))
            savings.append(Saving(text=lever.text, gives_up=lever.gives_up, money=_less(before, after)))
    worth_it = [saving for saving in savings if saving.money.likely >= LEAST_DOLLARS]
    return sorted(worth_it, key=lambda saving: saving.money.likely, reverse=True)[:MOST_LEVERS]


def _bill(context: Context) -> Money:
    return Money.total(line.cost for line in (*idle_lines(context), *job_lines(context)))


def _less(before: Money, after: Money) -> Money:
    # The same uncertain prices stand on both sides, so low is taken from low.
    return Money(before.likely - after.likely, *sorted((before.low - after.low, before.high - after.high)))


def _without_model(context: Context) -> Context:
    job = context.usage.job.model_copy(update={"ai_share": 0.0})
    return replace(context, usage=context.usage.model_copy(update={"job": job}))


def _snap_start(stage: StageSettings) -> Sequence[Lever]:
    values = {f"functions.{name}.snap-start": "false" for name, size in stage.functions.items() if size.snap_start}
    return [Lever(values=values, gives_up="quick first answers: a cold start takes seconds")] if values else []


LEVERS = (
    Lever(
        values={"kafka.instance-type": "kafka.t3.small"},
        gives_up="steady throughput: small brokers live on CPU credits and take four new IAM connections a second",
    ),
    Lever(
        values={"kafka.volume-gigabytes": "20"},
        gives_up="room for events: less retention, or an alarm sooner; disks can grow later and never shrink",
    ),
    Lever(
        values={"database.multi-az": "false"},
        gives_up="a standby: a failed server or zone means minutes to hours of refused jobs, and maintenance an outage",
    ),
    Lever(
        values={"database.instance-class": "t4g.medium"},
        gives_up="half of the memory, and a processor that is throttled when its credits are used up",
    ),
    Lever(
        values={"triggers.provisioned": "false"},
        gives_up="partial batch responses and the queue of last resort: a failing batch comes again until it expires",
    ),
    Lever(
        values={"network.nat-gateways": "1"},
        gives_up="the AI model and webhooks in all zones while the gateway's zone is away",
    ),
    Lever(
        values={"cache.replicas": "0"},
        gives_up="a copy to fail over to: without the cache, quotas and idempotency keys start anew",
    ),
    Lever(values={"api.firewall": "none"}, gives_up="the managed rules, and the limit for each address"),
    Lever(values={"prometheus": "false"}, gives_up="the managed Prometheus; GET /metrics stays, for one of your own"),
    Lever(
        values={"full-cloudwatch": "false"},
        gives_up="alarms on ratios and lag, that one cause rings once, and saved queries",
    ),
    Lever(
        values={"functions.relay.memory-megabytes": "256"},
        gives_up="half of the relay's share of a processor, and with it events published a second",
    ),
)
