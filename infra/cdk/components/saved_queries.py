"""Questions to the logs that on call asks again and again, saved in CloudWatch Logs Insights.

Lines are written by smartqueue/logs.py; tests/integration/test_saved_queries.py holds these queries against real ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.cdk.settings import StageSettings


@dataclass(frozen=True, kw_only=True)
class Query:
    """One question, and the functions whose logs can answer it."""

    name: str
    text: str
    functions: Sequence[str] = ()
    """Empty means all."""


QUERIES = (
    Query(
        name="journey-of-a-correlation-id",
        text="""\
# Put the id between the quotes: it is in every answer's X-Correlation-ID and in the job.
fields @timestamp, service, level, message, job_id, tenant_id, attempt, reason
| filter correlation_id = "THE-ID"
| sort @timestamp asc
| limit 1000""",
    ),
    Query(
        name="failures-by-reason",
        text="""\
filter message = "job failed, sent to the dead-letter topic"
| stats count(*) as jobs, count_distinct(tenant_id) as tenants, max(@timestamp) as newest by reason, type
| sort jobs desc
| limit 50""",
        functions=("process",),
    ),
    Query(
        name="slowest-handlers",
        text="""\
filter ispresent(duration_seconds)
| stats count(*) as attempts, pct(duration_seconds, 95) as p95, max(duration_seconds) as slowest by type, tenant_id
| sort p95 desc
| limit 50""",
        functions=("process",),
    ),
    Query(
        name="one-tenants-last-hour",
        text="""\
# Put the tenant between the quotes, and choose the hour above.
filter tenant_id = "THE-TENANT"
| stats count(*) as times, max(@timestamp) as newest by service, level, message
| sort times desc
| limit 100""",
    ),
    Query(
        name="unreadable-records",
        text="""\
fields @timestamp, correlation_id, record
| filter message = "poison record"
| sort @timestamp desc
| limit 100""",
        functions=("process",),
    ),
    Query(
        name="cold-starts",
        text="""\
filter ispresent(init_cpu_seconds)
| stats count(*) as starts, avg(init_cpu_seconds) as usual, max(init_cpu_seconds) as longest by function, bin(5m)
| sort starts desc
| limit 100""",
    ),
)


class SavedQueries(Construct):
    """The queries of a stage, in a folder of its name."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: StageSettings, functions: Sequence[str]) -> None:
        super().__init__(scope, construct_id)
        for query in QUERIES:
            logs.CfnQueryDefinition(
                self,
                "".join(word.capitalize() for word in query.name.split("-")),
                name=f"smartqueue-{stage.name}/{query.name}",
                query_string=query.text,
                log_group_names=[
                    f"/aws/lambda/smartqueue-{stage.name}-{function}" for function in query.functions or functions
                ],
            )
