"""The second half of the story: the audit trail, the metrics, and where everything is."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from rich.text import Text

from localstack import paths
from localstack.aws import client
from localstack.demo import metrics
from localstack.demo.client import DemoError
from localstack.demo.display import called_as, heading, local_time, plain_table, say, show_table
from localstack.logs import LogReader

if TYPE_CHECKING:
    from localstack.demo.client import Api
    from localstack.demo.story import Story
    from localstack.endpoints import Endpoints

_METRICS_SECRET = "smartqueue/local/metrics-credential"  # noqa: S105 - the secret's name
_SETTLE_SECONDS = 5.0
_GAUGES = ("active_jobs_count", "dlq_size", "outbox_backlog", "oldest_pending_job_age_seconds")
_SHOWN = ("classifications_ai_total", "classifications_fallback_total")
_AUTHORISED = 'curl -s -H "Authorization: Bearer $TOKEN"'
_EXAMPLES = (
    f'{_AUTHORISED} "$API/jobs?limit=3"',
    f"""{_AUTHORISED} -H 'Content-Type: application/json' -d '{{"title": "Login is down"}}' "$API/jobs\"""",
)


def scraper(api: Api, where: Endpoints) -> Api:
    """The API as a Prometheus server sees it: with the scrape credential from Secrets Manager. Raises DemoError."""
    try:
        secret = client("secretsmanager", where.aws).get_secret_value(SecretId=_METRICS_SECRET)
    except ClientError as error:
        raise DemoError(f"The scrape credential cannot be read ({error}). Run `smartqueue-local deploy`.") from error
    return api.with_token(json.loads(secret["SecretString"])["token"])


def show_audit_trail(story: Story, where: Endpoints) -> None:
    """Print every step of the job that died and came back, and check that they lead from one to the next."""
    job = story.job("pager")
    heading(
        story.console,
        6,
        "The audit trail of one job",
        f"Every change of '{job.title}' left a row that nobody can alter.",
    )
    rows = story.tenant_of(job).admin.get(f"/admin/audit-logs/{job.job_id}", limit=100)["items"][::-1]
    table = plain_table("time", "by", "action", "state", "details")
    state: str | None = None
    for row in rows:
        table.add_row(
            local_time(row["createdAt"]),
            row["username"].removeprefix("system:").partition("@")[0],
            row["action"],
            row["newState"] if row["newState"] != row["oldState"] else "",
            Text(row["details"]),
        )
        if row["newState"] != row["oldState"]:
            story.find(None if row["oldState"] == state else f"the audit trail skips from {state} to {row['oldState']}")
            state = row["newState"]
    show_table(story.console, table)
    if state != job.status:
        story.find(f"the audit trail ends with {state}, but the job is {job.status}")
    correlation_id = job.view["correlationId"]
    lines = LogReader(where.aws).read(correlation_id)
    functions = ", ".join(sorted({line.function for line in lines}))
    say(story.console, f"The log knows it too: {len(lines)} lines by {functions}, all with {correlation_id}.")


def show_metrics(story: Story, prometheus: Api, before: metrics.Snapshot) -> None:
    """Print what the counters counted in this run and compare it with what was done."""
    heading(
        story.console,
        7,
        "The metrics",
        "GET /metrics is for Prometheus; the same numbers go to CloudWatch, its dashboard and its alarms.",
    )
    expected = {
        "jobs_created_total": len(story.jobs),
        "jobs_completed_total": sum(job.status == "COMPLETED" for job in story.jobs),
        "jobs_failed_total": sum(job.announced.ends == "FAILED" for job in story.jobs),
        "jobs_sent_to_dlq_total": sum(job.announced.ends == "FAILED" for job in story.jobs),
        "jobs_retried_total": story.retried,
        "jobs_replayed_total": 1,
        "jobs_discarded_total": 1,
    }
    after, compared = _settled(prometheus, before, expected)
    table = plain_table("counter", "this run", "expected", "verdict", numeric=["this run", "expected"])
    for row in compared:
        table.add_row(row.name, str(row.grown), str(row.expected), row.verdict)
        if row.grown < row.expected:
            story.find(f"{row.name} grew by {row.grown}, but {row.expected} were counted here")
    for row in metrics.compare(before, after, dict.fromkeys(_SHOWN, 0)):
        table.add_row(row.name, str(row.grown), "", "")
    show_table(story.console, table)
    gauges = "   ".join(f"{name} {after.values.get(name, 0):g}" for name in _GAUGES)
    say(story.console, f"now: {gauges}")
    buckets = metrics.grown_buckets(before, after)
    p50, p95 = (metrics.quantile(fraction, buckets) for fraction in (0.5, 0.95))
    if p50 is not None and p95 is not None:
        say(story.console, f"{metrics.DURATION}: p50 {p50 * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms in this run")


def _settled(
    prometheus: Api, before: metrics.Snapshot, expected: dict[str, int]
) -> tuple[metrics.Snapshot, list[metrics.Compared]]:
    """Read until nothing is missing: a function counts just after it has committed."""
    deadline = time.monotonic() + _SETTLE_SECONDS
    while True:
        after = metrics.read(prometheus.text("/metrics"))
        compared = metrics.compare(before, after, expected)
        if all(row.grown >= row.expected for row in compared) or time.monotonic() > deadline:
            return after, compared
        time.sleep(0.3)


def show_places(story: Story, where: Endpoints, *, keep: bool) -> None:
    """Say where the API, its docs and the logs are, with commands to copy."""
    harbour = story.tenants["harbour"]
    # The receiver ends with this demo: tickets submitted by hand should not wait for it.
    harbour.admin.delete("/admin/webhook")
    command = called_as()
    running = "Everything goes on running" if keep else f"The cloud stops now and `{command} up` starts it again"
    heading(story.console, 8, "Where things are", f"{running}; these lines can be copied.")
    correlation_id = story.job("pager").view["correlationId"]
    for name, place in (
        ("API", where.api_url),
        ("docs", f"{where.api_url}/docs"),
        ("log in", f"POST /auth/login as {harbour.admin_name}, password {harbour.password}"),
        ("one job", f"{command} logs {correlation_id}"),
        ("all logs", f"{command} logs --follow"),
        ("log files", str(paths.home() / "logs")),
        ("status", f"{command} status"),
        ("stop", f"{command} down"),
    ):
        story.console.print(Text(f"     {name:<10} {place}"), soft_wrap=True)
    story.console.print()
    story.console.print(Text(f"export API={where.api_url}"), soft_wrap=True)
    story.console.print(Text(f"export TOKEN={harbour.admin.token}", "dim"), soft_wrap=True)
    for example in _EXAMPLES:
        story.console.print(Text(example), soft_wrap=True)
