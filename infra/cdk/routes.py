"""Every route of the API: which function answers it, and whether the edge asks for a token first."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Route:
    """One method of one path. `public` routes skip the authorizer."""

    method: str
    path: str
    function: str
    public: bool = False


ROUTES = (
    Route("POST", "/auth/register", "auth", public=True),
    Route("POST", "/auth/login", "auth", public=True),
    Route("GET", "/admin/users", "auth"),
    Route("GET", "/admin/webhook", "auth"),
    Route("PUT", "/admin/webhook", "auth"),
    Route("DELETE", "/admin/webhook", "auth"),
    Route("POST", "/jobs", "submit"),
    Route("POST", "/jobs/batch", "submit"),
    Route("POST", "/jobs/{jobId}/cancel", "submit"),
    Route("GET", "/jobs", "query"),
    Route("GET", "/jobs/{jobId}", "query"),
    Route("GET", "/jobs/{jobId}/timeline", "query"),
    Route("POST", "/admin/jobs/{jobId}/replay", "replay"),
    Route("GET", "/admin/dlq", "replay"),
    Route("POST", "/admin/dlq/replay", "replay"),
    Route("POST", "/admin/dlq/discard", "replay"),
    Route("GET", "/admin/audit-logs", "replay"),
    Route("GET", "/admin/audit-logs/verification", "replay"),
    Route("GET", "/admin/audit-logs/{jobId}", "replay"),
    Route("GET", "/admin/ledger", "replay"),
    # Prometheus sends its own scrape credential, which the function checks.
    Route("GET", "/metrics", "metrics", public=True),
    Route("GET", "/docs", "docs", public=True),
    Route("GET", "/openapi.json", "docs", public=True),
)
