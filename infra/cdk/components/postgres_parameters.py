"""How the PostgreSQL server of a stage is set up."""

from infra.cdk.settings import DatabaseSettings

SECOND = 1000
"""PostgreSQL's unit for most durations is the millisecond."""


def server_parameters(settings: DatabaseSettings) -> dict[str, str]:
    """The parameters that differ from RDS's own, by name, as text."""
    return {
        **_connections(settings),
        **_time_limits(),
        **vacuum_parameters(),
        **_insight(),
    }


def _connections(settings: DatabaseSettings) -> dict[str, str]:
    return {
        "max_connections": str(settings.max_connections),
        # Whoever does not speak TLS gets no connection.
        "rds.force_ssl": "1",
        "password_encryption": "scram-sha-256",
        "rds.accepted_password_auth_method": "scram",
        # A frozen execution environment cannot say goodbye. Its connection is free again after that, and one that
        # thaws later opens another; see `infra/cdk/connections.py`.
        "idle_session_timeout": str(300 * SECOND),
        "tcp_keepalives_idle": "60",
        "tcp_keepalives_interval": "15",
        "tcp_keepalives_count": "4",
    }


def _time_limits() -> dict[str, str]:
    """For those whose role has none of its own: the owner, who migrates, and people. Roles of functions have less."""
    return {
        "statement_timeout": str(100 * SECOND),
        "idle_in_transaction_session_timeout": str(60 * SECOND),
    }


def vacuum_parameters() -> dict[str, str]:
    """Jobs change a few times each and events leave the outbox at once: a fifth of a table is too much to wait for."""
    return {
        "autovacuum_vacuum_scale_factor": "0.02",
        "autovacuum_analyze_scale_factor": "0.02",
        "autovacuum_vacuum_insert_scale_factor": "0.05",
        "autovacuum_naptime": "15",
        "autovacuum_vacuum_cost_limit": "1000",
    }


def _insight() -> dict[str, str]:
    return {
        "shared_preload_libraries": "pg_stat_statements",
        "pg_stat_statements.track": "all",
        "track_io_timing": "1",
        "log_min_duration_statement": str(SECOND),
        # Of slow statements the text alone: parameters are the tenants' data.
        "log_parameter_max_length": "0",
        "log_lock_waits": "1",
        "log_autovacuum_min_duration": str(10 * SECOND),
        # Kilobytes; what spills to disk wants more memory or a better index.
        "log_temp_files": "10240",
    }
