"""Every function of the service with what it may use: the one list to read for who can do what."""

from collections.abc import Sequence

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.cdk.components import access
from infra.cdk.components.access import Access
from infra.cdk.components.job_function import JobFunction, Placement
from infra.cdk.components.kafka_rights import JOB_DLQ, JOB_EVENTS, JOB_EVENTS_BULK, JOB_RESULTS
from infra.cdk.components.release import Rollout
from infra.cdk.components.seal_bucket import acknowledge_new_seals
from infra.cdk.data_plane import DataPlane
from infra.cdk.settings import StageSettings

API_TIMEOUT_SECONDS = 15


class Catalogue:
    """The functions of one stage, by name, made in `scope`."""

    def __init__(
        self,
        scope: Construct,
        *,
        stage: StageSettings,
        plane: DataPlane,
        layer: lambda_.ILayerVersion,
        rollout: Rollout | None,
    ) -> None:
        self._scope = scope
        self._stage = stage
        self._plane = plane
        self._layer = layer
        self._rollout = rollout
        self.functions: dict[str, JobFunction] = {}
        self._add_those_that_answer()
        self._add_those_that_work()
        self._add_those_that_keep_house()

    def _add_those_that_answer(self) -> None:
        stage, plane = self._stage, self._plane
        cors = access.cors(stage.api.cors_origins)
        cache = access.cache(plane.cache)
        token = access.token(plane.token_keys, lifetime_seconds=stage.token_lifetime_seconds)
        as_api = access.database(plane.database, plane.database.api)
        self._add(
            "auth",
            "Registers tenants and users, issues tokens, keeps the tenant's webhook.",
            [
                cors,
                access.database(plane.database, plane.database.auth),
                cache,
                token,
                self._webhooks(),
                access.plain(
                    PASSWORD_MIN_LENGTH=str(stage.password_min_length),
                    LOGIN_FAILURES_ALLOWED="10",
                    LOGIN_WINDOW_SECONDS="900",
                ),
            ],
        )
        self._add(
            "authorizer",
            "Turns requests without a valid token away at the edge.",
            [token],
            timeout_seconds=5,
            placement=Placement.OUTSIDE,
        )
        self._add(
            "submit",
            "Accepts jobs and cancels them.",
            [
                cors,
                as_api,
                cache,
                self._producing(JOB_EVENTS, JOB_EVENTS_BULK, JOB_RESULTS),
                token,
                _retry(),
                self._simulate(),
                access.webhook_networks(stage.webhook_allowed_networks),
                access.plain(SUBMIT_QUOTA_PER_MINUTE=str(stage.submit_quota_per_minute)),
            ],
        )
        self._add("query", "Shows jobs and their timelines.", [cors, as_api, token])
        self._add(
            "replay",
            "Replays or discards failed jobs; shows audit logs.",
            [cors, as_api, cache, self._producing(JOB_EVENTS, JOB_EVENTS_BULK), token],
        )
        self._add(
            "metrics",
            "Shows the metrics to Prometheus.",
            [
                cors,
                access.database(plane.database, plane.database.monitor),
                cache,
                access.metrics_credential(plane.metrics_credential),
            ],
        )
        self._add("docs", "Shows the API's documentation.", [cors], placement=Placement.OUTSIDE)

    def _add_those_that_work(self) -> None:
        stage, plane = self._stage, self._plane
        cache = access.cache(plane.cache)
        as_worker = access.database(plane.database, plane.database.worker)
        provisioned = stage.triggers is not None and stage.triggers.provisioned
        batches = access.plain(REPORT_BATCH_ITEM_FAILURES="true" if provisioned else "false")
        self._add(
            "process",
            "Runs jobs.",
            [
                as_worker,
                cache,
                self._producing(JOB_EVENTS, JOB_EVENTS_BULK, JOB_RESULTS, JOB_DLQ),
                _retry(),
                self._simulate(),
                self._webhooks(),
                batches,
                access.plain(LEASE_SECONDS="10", HEARTBEAT_SECONDS="3"),
            ],
            timeout_seconds=60,
            placement=Placement.OPEN,
        )
        self._add(
            "classify",
            "Sorts new jobs by category and priority.",
            [
                as_worker,
                cache,
                self._producing(JOB_EVENTS, JOB_EVENTS_BULK),
                access.openai(plane.openai),
                batches,
                access.plain(
                    OPENAI_MODEL=stage.model.name,
                    OPENAI_TIMEOUT_SECONDS=f"{stage.model.timeout_seconds:g}",
                    CLASSIFY_CONFIDENCE_THRESHOLD=f"{stage.model.confidence_threshold:g}",
                ),
            ],
            timeout_seconds=60,
            placement=Placement.OPEN,
        )
        self._add(
            "relay",
            "Publishes due events, rescues stranded jobs, measures queues, removes what is old.",
            [
                as_worker,
                cache,
                self._producing(JOB_EVENTS, JOB_EVENTS_BULK, JOB_RESULTS, JOB_DLQ),
                _retry(),
                access.plain(
                    RELAY_POLL_SECONDS="0.25",
                    RELAY_RUN_SECONDS="57",
                    RESCUE_STRANDED_SECONDS="900",
                    RETENTION_JOBS_DAYS=str(stage.retention.jobs_days),
                ),
                self._audit_retention(),
            ],
            timeout_seconds=60,
        )

    def _add_those_that_keep_house(self) -> None:
        stage, plane = self._stage, self._plane
        self._add(
            "migrate",
            "Brings the database schema up to date.",
            [access.database_server(plane.database), access.database_roles(plane.database)],
            timeout_seconds=120,
            # A deployment calls the newest code itself, before anything else takes over.
            has_release=False,
        )
        self._add(
            "rotate",
            "Makes passwords and signing keys anew.",
            [
                access.database_server(plane.database),
                access.plain(TOKEN_LIFETIME_SECONDS=str(stage.token_lifetime_seconds)),
            ],
            timeout_seconds=60,
        )
        self._add(
            "seal",
            "Verifies the audit trail, and seals it.",
            [
                access.database(plane.database, plane.database.auditor),
                access.cache(plane.cache),
                access.seals(plane.seals),
                self._audit_retention(),
            ],
            # All chains of all tenants, when somebody asks for it.
            timeout_seconds=300,
        )
        acknowledge_new_seals(self.functions["seal"].role, stage)

    def _producing(self, *topics: str) -> Access:
        return access.producing(self._scope, self._plane.kafka, *topics)

    def _webhooks(self) -> Access:
        return access.webhooks(self._plane.webhook_signing, allowed_networks=self._stage.webhook_allowed_networks)

    def _audit_retention(self) -> Access:
        return access.plain(RETENTION_AUDIT_DAYS=str(self._stage.retention.audit_days))

    def _simulate(self) -> Access:
        return access.plain(ALLOW_SIMULATE="true" if self._stage.allow_simulate else "false")

    def _add(
        self,
        name: str,
        description: str,
        granted: Sequence[Access],
        *,
        timeout_seconds: int = API_TIMEOUT_SECONDS,
        placement: Placement = Placement.CLOSED,
        has_release: bool = True,
    ) -> None:
        self.functions[name] = JobFunction(
            self._scope,
            name.capitalize(),
            name=name,
            description=description,
            stage=self._stage,
            layer=self._layer,
            network=self._plane.network,
            access=granted,
            timeout_seconds=timeout_seconds,
            placement=placement,
            rollout=self._rollout if has_release else None,
        )


def _retry() -> Access:
    return access.plain(RETRY_BASE_SECONDS="2", RETRY_COUNT="3", RETRY_JITTER="0.1")
