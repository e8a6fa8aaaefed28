"""Invented figures, chosen so that sums come out even."""

from bench.figures import Figure

# A delivery of the processor computes 19 ms, and 1 ms for each record.
INVENTED = {
    "accept.cpu-ms-per-job": 4.0,
    "accept.p50-ms": 10.0,
    "accept.batch-100.cpu-ms-per-job": 0.5,
    "accept.batch-100.p50-ms": 90.0,
    "drain.batch-1.cpu-ms-per-job": 20.0,
    "drain.batch-1.wall-ms-per-batch": 25.0,
    "drain.batch-10.cpu-ms-per-job": 2.9,
    "drain.batch-10.wall-ms-per-batch": 39.0,
    "drain.batch-100.cpu-ms-per-job": 1.19,
    "drain.batch-100.wall-ms-per-batch": 150.0,
    "drain.batch-1000.cpu-ms-per-job": 1.019,
    "drain.batch-1000.wall-ms-per-batch": 1100.0,
    "classify.rules.cpu-ms-per-job": 0.69,
    "classify.rules.wall-ms-per-batch": 99.0,
    "classify.cache.cpu-ms-per-job": 0.39,
    "classify.cache.wall-ms-per-batch": 60.0,
    "classify.model.cpu-ms-per-job": 2.19,
    "classify.model.wall-ms-per-batch": 900.0,
    "kafka.bytes-per-job": 3100.0,
    "database.ms-per-job": 0.5,
    "growth.churn.bytes-per-job": 8000.0,
}
CONTEXTS = {"growth.churn.bytes-per-job": {"tables": {"jobs": 3000.0, "audit_logs": 4000.0, "audit_chain": 1000.0}}}


def invented(**changes: float) -> dict[str, Figure]:
    """Return them. changes: more figures by key, or other values."""
    values = {**INVENTED, **changes}
    return {
        key: Figure(key=key, what=key, unit="", runs=(value,), context=CONTEXTS.get(key, {}))
        for key, value in values.items()
    }
