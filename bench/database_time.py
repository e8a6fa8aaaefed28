"""How long a job keeps a processor of the database busy, in milliseconds: measured, or what stands in for it."""

from bench.measurements import Measurements

SUBMIT_MILLISECONDS = 0.6
"""Job, audit row, link and outbox row of one job, and the deletion of the outbox row, each in a transaction."""
BATCH_SUBMIT_MILLISECONDS = 0.25
"""The same of a job among a hundred."""
DRAIN_MILLISECONDS = 0.4
"""Claim, move and deletion of a job in a full delivery."""
CLASSIFY_MILLISECONDS = 0.25
"""Look-up and verdict of a ticket in a full delivery."""
READ_MILLISECONDS = 0.15
"""A job, or a page of jobs."""
STATEMENT_MILLISECONDS = 0.1
"""What a statement costs whatever the number of its rows."""
STATEMENTS = 12
"""For two records, each in a delivery to both consumers: claim, move, delete; find, write, delete."""
FULL_DELIVERY = 100
"""Records in the deliveries that are measured."""


def database_milliseconds(
    measured: Measurements, *, jobs_per_submit: int, reads_per_job: float, records: float
) -> float:
    """Return the database's time for the whole life of a ticket.

    jobs_per_submit: in one request; records: in one delivery to a consumer.
    """
    if jobs_per_submit == 1:
        submit = measured.value("database.submit-ms-per-job", otherwise=SUBMIT_MILLISECONDS)
    else:
        submit = measured.value("database.batch-submit-ms-per-job", otherwise=BATCH_SUBMIT_MILLISECONDS)
    drain = measured.value("database.ms-per-job", otherwise=DRAIN_MILLISECONDS)
    classify = measured.value("database.classify-ms-per-job", otherwise=CLASSIFY_MILLISECONDS)
    further_statements = STATEMENTS * STATEMENT_MILLISECONDS * (1 / records - 1 / FULL_DELIVERY)
    return submit + drain + classify + further_statements + reads_per_job * READ_MILLISECONDS
