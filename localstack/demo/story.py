"""The first half of the story: two tenants, their jobs, the journey, and the dead letters brought back to life."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.text import Text

from localstack.demo.client import Api, DemoError, refusal
from localstack.demo.display import Board, heading, plain_table, say, show_table
from localstack.demo.plan import Tracked, judge, judge_announced

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from localstack.demo.receiver import Receiver

_LONGEST_JOURNEY_SECONDS = 45
_POLL_SECONDS = 0.4
_LIST_LIMIT = 100


@dataclass(frozen=True)
class Tenant:
    """A tenant of this run with its two users. password: both users have it; they exist on this laptop only."""

    tenant_id: str
    admin_name: str
    admin: Api
    operator: Api
    password: str


@dataclass
class Story:
    """What the steps share. findings: sentences about what was not as announced."""

    console: Console
    api: Api
    receiver: Receiver
    names: dict[str, str]
    jobs: list[Tracked]
    run_id: str = field(default_factory=lambda: secrets.token_hex(3))
    tenants: dict[str, Tenant] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)
    retried: int = 0

    def job(self, key: str) -> Tracked:
        """The job that the story calls so."""
        return next(job for job in self.jobs if job.announced.key == key)

    def tenant_of(self, job: Tracked) -> Tenant:
        """The tenant whose job it is."""
        return self.tenants[job.announced.tenant]

    def find(self, *sentences: str | None) -> None:
        """Remember what was not as announced; None is nothing."""
        self.findings += [sentence for sentence in sentences if sentence]


def open_tenants(story: Story) -> None:
    """Register two new tenants, each with an ADMIN and an OPERATOR, and direct one's webhook to the receiver."""
    heading(
        story.console,
        2,
        "Two tenants",
        "The first user of a new tenant becomes its ADMIN and adds the others; an OPERATOR may submit jobs.",
    )
    table = plain_table("tenant", "its ADMIN", "its OPERATOR", "who")
    for name, description in story.names.items():
        tenant_id = f"{name}-{story.run_id}"
        admin_name, operator_name = f"ada@{tenant_id}", f"otto@{tenant_id}"
        password = secrets.token_urlsafe(9)
        account = {"password": password, "tenantId": tenant_id}
        session = story.api.post("/auth/register", {**account, "username": admin_name, "role": "ADMIN"})
        admin = story.api.with_token(session["token"])
        session = admin.post("/auth/register", {**account, "username": operator_name, "role": "OPERATOR"})
        operator = story.api.with_token(session["token"])
        story.tenants[name] = Tenant(tenant_id, admin_name, admin, operator, password)
        table.add_row(tenant_id, admin_name, operator_name, description)
    show_table(story.console, table)
    webhook = story.tenants["harbour"].admin.put("/admin/webhook", {"url": f"{story.receiver.url}/tickets"})
    story.receiver.secret = story.tenants["harbour"].admin.get("/admin/webhook")["secret"]
    say(story.console, f"harbour wants its triaged tickets at {webhook['url']}, a receiver that this demo has started.")


def submit_jobs(story: Story) -> None:
    """Submit the tickets in one batch per tenant and the others one by one; show that tenants are apart."""
    heading(
        story.console,
        3,
        f"{len(story.jobs)} jobs",
        "Whatever is answered with 201 is in the database for good and will reach one of the ends announced here.",
    )
    story.receiver.broken.add("/pager")
    for name, tenant in story.tenants.items():
        tickets = [job for job in story.jobs if job.announced.tenant == name and not job.announced.key]
        began = time.monotonic()
        answer = tenant.operator.post("/jobs/batch", {"jobs": [job.announced.body for job in tickets]})
        for job, item in zip(tickets, answer["items"], strict=True):
            if item["job"] is None:
                raise DemoError(f"The ticket '{job.title}' was rejected: {item['detail']}")
            job.view = item["job"]
        took = time.monotonic() - began
        say(story.console, f"{name}: {len(tickets)} tickets in one request, {took * 1000:.0f} ms; all are to complete.")
    table = plain_table("announced", "job", "because", wrapping=["job"])
    for job in (job for job in story.jobs if job.announced.key):
        key = f"demo-{story.run_id}-{job.announced.key}"
        headers = {"X-Correlation-ID": key, "Idempotency-Key": key}
        job.view = story.tenant_of(job).operator.post("/jobs", job.announced.body, headers=headers)
        announced = job.announced
        table.add_row(announced.ends, Text(job.title), announced.because)
    show_table(story.console, table)
    _show_walls(story)


def _show_walls(story: Story) -> None:
    job = story.job("pager")
    key = f"demo-{story.run_id}-pager"
    again = story.tenant_of(job).operator.post("/jobs", job.announced.body, headers={"Idempotency-Key": key})
    if again["jobId"] == job.job_id:
        say(story.console, "The first one sent again with the same Idempotency-Key: the same job, not a new one.")
    else:
        story.find("one Idempotency-Key sent twice made two jobs")
    stranger = story.tenants["lumen"]
    said, finding = refusal(lambda: stranger.admin.get(f"/jobs/{job.job_id}"), status=404)
    story.find(finding)
    say(story.console, f"lumen's ADMIN asks for a job of harbour's: {said}")


def follow_jobs(story: Story) -> None:
    """Watch all jobs until they have ended, and judge them."""
    heading(
        story.console,
        4,
        "On their way",
        "Each job goes through Kafka to the classifier and the processor; without an AI key rules decide the triage.",
    )
    _watch(story, story.jobs)
    story.find(*judge_announced(story.jobs))
    story.retried += sum(int(job.view["retryCount"]) for job in story.jobs)
    _tell_deliveries(story)


def _watch(story: Story, jobs: Sequence[Tracked]) -> None:
    deadline = time.monotonic() + _LONGEST_JOURNEY_SECONDS
    with Board(story.console) as board:
        while True:
            for name, tenant in story.tenants.items():
                mine = {job.job_id: job for job in jobs if job.announced.tenant == name}
                if mine and not all(job.ended for job in mine.values()):
                    for view in tenant.operator.get("/jobs", limit=_LIST_LIMIT)["items"]:
                        if view["jobId"] in mine:
                            mine[view["jobId"]].view = view
            board.update(jobs)
            if all(job.ended for job in jobs) or time.monotonic() > deadline:
                return
            time.sleep(_POLL_SECONDS)


def _tell_deliveries(story: Story) -> None:
    came = story.receiver.deliveries
    unsigned = [delivery for delivery in came if not delivery.verified]
    if unsigned:
        story.find(f"{len(unsigned)} of {len(came)} webhooks bore no good signature")
    tickets = sum(delivery.path == "/tickets" for delivery in came)
    say(
        story.console,
        f"The receiver got {len(came)} webhooks ({tickets} of them triaged tickets) and verified"
        f" {len(came) - len(unsigned)} signatures with harbour's secret.",
    )


def mend_dead_letters(story: Story) -> None:
    """Show the dead letters, repair what broke one of them, replay that one and discard the other."""
    heading(
        story.console,
        5,
        "Dead letters",
        "A job without attempts left is FAILED and waits here until an ADMIN replays or discards it.",
    )
    pager, hopeless = story.job("pager"), story.job("hopeless")
    harbour = story.tenant_of(pager)
    letters = harbour.admin.get("/admin/dlq")["items"]
    table = plain_table("job", "tries", "reason", numeric=["tries"], wrapping=["job"])
    for letter in letters:
        table.add_row(Text(letter["title"]), str(letter["attempts"]), Text(letter["failureReason"]))
    show_table(story.console, table)
    if {letter["jobId"] for letter in letters} != {pager.job_id, hopeless.job_id}:
        story.find("the dead letters are not the two jobs that were announced to fail")

    replay = f"/admin/jobs/{pager.job_id}/replay"
    said, finding = refusal(lambda: harbour.operator.post(replay), status=403)
    story.find(finding)
    say(story.console, f"The OPERATOR may not replay: {said}")
    story.receiver.broken.discard("/pager")
    pager.view = harbour.admin.post(replay)
    say(story.console, f"The pager is repaired, the ADMIN replays its job: 200, it is {pager.status} again.")
    _watch(story, [pager])
    story.find(judge(pager, ends="COMPLETED", attempts=1))
    story.retried += int(pager.view["retryCount"])
    said, finding = refusal(lambda: harbour.admin.post(replay), status=409)
    story.find(finding)
    say(story.console, f"To replay it a second time: {said}")

    discarded = harbour.admin.post("/admin/dlq/discard", {"jobIds": [hopeless.job_id]})["count"]
    left = len(harbour.admin.get("/admin/dlq")["items"])
    say(story.console, f"The hopeless one is discarded; dead letters left: {left}.")
    if discarded != 1 or left:
        story.find(f"after one replay and one discard there should be no dead letters, but there are {left}")
