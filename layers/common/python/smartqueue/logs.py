"""Structured logs: every line is JSON and carries the correlation id, through Powertools' Logger."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.utils import copy_config_to_registered_loggers

from smartqueue.cold_starts import count_cold_start
from smartqueue.garbage import settle

LIBRARIES = {"smartqueue", "functions"}


@cache
def logger() -> Logger:
    """Return this function's logger, and let every module of ours log through it."""
    powertools = Logger()
    for name in LIBRARIES:
        logging.getLogger(name)
    copy_config_to_registered_loggers(powertools, include=LIBRARIES)
    return powertools


@contextmanager
def log_invocation(context: Any) -> Iterator[Logger]:
    """Put the request id on every line of an invocation, and drop what the last one added. Counts a cold start."""
    log = logger()
    count_cold_start(log.service)
    log.clear_state()
    log.append_keys(
        function_request_id=getattr(context, "aws_request_id", None),
        name="%(name)s",
    )
    try:
        yield log
    finally:
        settle()


def job_fields(job_id: str, tenant_id: str, correlation_id: str) -> dict[str, str]:
    """Return the `extra` that every line about a job carries."""
    return {"job_id": job_id, "tenant_id": tenant_id, "correlation_id": correlation_id}
