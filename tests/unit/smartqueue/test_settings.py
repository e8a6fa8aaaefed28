"""Settings: complete or refused, with every problem named at once and no value shown."""

import importlib

import pytest

from smartqueue.errors import SettingsError
from smartqueue.settings import EnvironmentModel

COMMON = {"STAGE", "FAILPOINTS_FOLDER"}
DB = {"DATABASE_HOST", "DATABASE_PORT", "DATABASE_NAME", "DATABASE_TLS", "DATABASE_SECRET_ID"}
CACHE = {"CACHE_HOST", "CACHE_PORT", "CACHE_TLS", "CACHE_SECRET_ID"}
KAFKA = {"KAFKA_BOOTSTRAP", "KAFKA_SECURITY", "KAFKA_SECRET_ID", "KAFKA_CA_FILE"}
TOKEN = {"TOKEN_SECRET_ID", "TOKEN_LIFETIME_SECONDS"}
CORS = {"CORS_ORIGINS"}
BATCH = {"REPORT_BATCH_ITEM_FAILURES"}
RETRY = {"RETRY_BASE_SECONDS", "RETRY_COUNT", "RETRY_JITTER"}
WEBHOOK = {"WEBHOOK_SIGNING_SECRET_ID", "WEBHOOK_ALLOWED_NETWORKS"}
VARIABLES = {
    "auth": DB
    | CACHE
    | TOKEN
    | WEBHOOK
    | CORS
    | {"PASSWORD_MIN_LENGTH", "LOGIN_FAILURES_ALLOWED", "LOGIN_WINDOW_SECONDS"},
    "authorizer": TOKEN,
    "submit": DB
    | CACHE
    | KAFKA
    | TOKEN
    | RETRY
    | CORS
    | {"SUBMIT_QUOTA_PER_MINUTE", "ALLOW_SIMULATE", "WEBHOOK_ALLOWED_NETWORKS"},
    "query": DB | TOKEN | CORS,
    "replay": DB | CACHE | KAFKA | TOKEN | CORS,
    "process": DB | CACHE | KAFKA | BATCH | RETRY | WEBHOOK | {"LEASE_SECONDS", "HEARTBEAT_SECONDS", "ALLOW_SIMULATE"},
    "classify": DB
    | CACHE
    | KAFKA
    | BATCH
    | {
        "OPENAI_SECRET_ID",
        "OPENAI_MODEL",
        "OPENAI_BASE_URL",
        "OPENAI_TIMEOUT_SECONDS",
        "CLASSIFY_CONFIDENCE_THRESHOLD",
    },
    "relay": DB
    | CACHE
    | KAFKA
    | RETRY
    | {"RELAY_POLL_SECONDS", "RELAY_RUN_SECONDS", "RESCUE_STRANDED_SECONDS"}
    | {"RETENTION_JOBS_DAYS", "RETENTION_AUDIT_DAYS"},
    "metrics": DB | CACHE | CORS | {"METRICS_SECRET_ID"},
    "docs": CORS,
    "migrate": DB | {"DATABASE_ROLE_SECRET_IDS"},
    "rotate": DB | {"TOKEN_LIFETIME_SECONDS"},
    "seal": DB | CACHE | {"SEAL_BUCKET", "RETENTION_AUDIT_DAYS"},
}
GOOD = {
    "STAGE": "test",
    "DATABASE_HOST": "localhost",
    "DATABASE_PORT": "5432",
    "DATABASE_NAME": "smartqueue",
    "DATABASE_TLS": "true",
    "DATABASE_SECRET_ID": "db",
    "CACHE_HOST": "localhost",
    "CACHE_PORT": "6379",
    "CACHE_TLS": "false",
    "KAFKA_BOOTSTRAP": "localhost:9092",
    "KAFKA_SECURITY": "PLAINTEXT",
    "TOKEN_SECRET_ID": "token",
    "WEBHOOK_SIGNING_SECRET_ID": "webhook",
    "METRICS_SECRET_ID": "metrics",
    "OPENAI_SECRET_ID": "openai",
    "DATABASE_ROLE_SECRET_IDS": '{"api": "x"}',
    "SEAL_BUCKET": "seals",
}


def settings_of(function: str) -> type[EnvironmentModel]:
    found: type[EnvironmentModel] = importlib.import_module(f"functions.{function}.settings").Settings
    return found


@pytest.mark.parametrize("function", VARIABLES)
def test_a_function_reads_exactly_its_variables(function: str) -> None:
    assert settings_of(function).variables() == COMMON | VARIABLES[function]


@pytest.mark.parametrize("function", VARIABLES)
def test_defaults_stand_in_for_what_may_be_left_out(function: str) -> None:
    settings_of(function).from_environment(GOOD)


@pytest.mark.parametrize("function", VARIABLES)
def test_all_missing_variables_are_named_at_once(function: str) -> None:
    model = settings_of(function)
    required = {name for name in model.variables() if name in GOOD and name != "CACHE_SECRET_ID"}
    with pytest.raises(SettingsError) as caught:
        model.from_environment({})
    assert {name for name in model.variables() if f"{name}: " in str(caught.value)} == required
    assert f"functions.{function}.settings" in str(caught.value)


def test_all_unusable_variables_are_named_without_their_values() -> None:
    bad = {
        **GOOD,
        "CACHE_PORT": "s3cret-port",
        "KAFKA_SECURITY": "s3cret-security",
        "LEASE_SECONDS": "0",
        "RETRY_COUNT": "-1",
        "RETRY_JITTER": "2",
    }
    with pytest.raises(SettingsError) as caught:
        settings_of("process").from_environment(bad)
    message = str(caught.value)
    for name in ("CACHE_PORT", "KAFKA_SECURITY", "LEASE_SECONDS", "RETRY_COUNT", "RETRY_JITTER"):
        assert name in message
    assert "s3cret" not in message


def test_the_retry_defaults_are_three_times_from_two_seconds_on() -> None:
    settings = settings_of("process").from_environment(GOOD).model_dump()
    assert (settings["retry_count"], settings["retry_base_seconds"]) == (3, 2)
    assert settings["allow_simulate"] is False
    assert settings["heartbeat_seconds"] * 2 < settings["lease_seconds"]


@pytest.mark.parametrize(
    ("jobs", "audit", "refused"),
    [
        ("90", "400", False),
        ("30", "30", False),
        ("1", "7", False),
        ("90", "0", False),
        ("0", "0", False),
        # The trail of a job that is still there would be cut.
        ("0", "400", True),
        ("90", "89", True),
        # The database would refuse to cut.
        ("1", "6", True),
        ("-1", "400", True),
        ("90", "20000", True),
    ],
)
def test_audit_rows_outlive_their_jobs(jobs: str, audit: str, refused: bool) -> None:
    given = {**GOOD, "RETENTION_JOBS_DAYS": jobs, "RETENTION_AUDIT_DAYS": audit}
    if not refused:
        settings_of("relay").from_environment(given)
        return
    with pytest.raises(SettingsError, match="RETENTION_"):
        settings_of("relay").from_environment(given)


def test_what_is_over_is_kept_for_months_and_its_trail_for_more_than_a_year() -> None:
    settings = settings_of("relay").from_environment(GOOD).model_dump()
    assert (settings["retention_jobs_days"], settings["retention_audit_days"]) == (90, 400)
    assert settings_of("seal").from_environment(GOOD).model_dump()["retention_audit_days"] == 400
