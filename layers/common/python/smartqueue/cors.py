"""CORS on answers: which web pages may read them. The preflight is answered by API Gateway.

Powertools' CORSConfig was looked at first and does not fit: it knows nothing of `Vary`, cannot be off, and sees only
the answers of routes, not those of requests that are refused before.
"""

from collections.abc import Collection

from smartqueue.problems import CORRELATION_ID

ANY_ORIGIN = "*"
IDEMPOTENCY_REPLAYED = "Idempotency-Replayed"
# What a page's script may read besides the body and the few headers that are always open to it.
EXPOSED_HEADERS = (CORRELATION_ID, IDEMPOTENCY_REPLAYED, "Retry-After")


def cors_headers(allowed: Collection[str], origin: str | None) -> dict[str, str]:
    """Return the headers of an answer to a page of `origin`: none at all where no origin is allowed; `*` allows all."""
    if not allowed:
        return {}
    # Also for whoever is not let in: a cache must not give one page's answer to another's.
    headers = {"Vary": "Origin"}
    if origin is not None and (origin in allowed or ANY_ORIGIN in allowed):
        headers["Access-Control-Allow-Origin"] = origin
        headers["Access-Control-Expose-Headers"] = ", ".join(EXPOSED_HEADERS)
    return headers
