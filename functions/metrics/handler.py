"""GET /metrics: Prometheus text for scrapers that know the scrape credential."""

import hmac
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response

from functions.metrics.exposition import CONTENT_TYPE, render
from functions.metrics.settings import Settings
from smartqueue.cache import CacheError
from smartqueue.environment import Environment
from smartqueue.errors import UnauthorizedError, UnavailableError
from smartqueue.http import Api
from smartqueue.metrics import COUNTERS_KEY, GAUGES_KEY, HISTOGRAM_KEY
from smartqueue.secrets import read_secret
from smartqueue.store.attempts import AttemptStore

environment = Environment(Settings)


api = Api(allowed_origins=environment.allowed_origins)
app = api.app


@app.get("/metrics", tags=["Operations"], summary="Prometheus metrics", enable_validation=False)
def get_metrics() -> Response[str]:
    """Needs the scrape credential as a bearer token, not a user's token."""
    _check_credential(api.header("Authorization"))
    counters, histogram, measured = _read_shared()
    gauges = AttemptStore(environment.database).gauges()
    body = render(counters, histogram, gauges, measured)
    return Response(status_code=HTTPStatus.OK, content_type=CONTENT_TYPE, body=body)


def _read_shared() -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    pipeline = environment.cache.pipeline(transaction=False)
    pipeline.hgetall(COUNTERS_KEY)
    pipeline.hgetall(HISTOGRAM_KEY)
    pipeline.hgetall(GAUGES_KEY)
    try:
        counters, histogram, measured = pipeline.execute()
    except CacheError:
        # Zeros would look like a restart of every counter: no answer is the honest one.
        raise UnavailableError("The counters cannot be read just now.", retry_after_seconds=15) from None
    return counters, histogram, measured


def _check_credential(authorization: str | None) -> None:
    scheme, _, given = (authorization or "").partition(" ")
    wanted = str(read_secret(environment.settings.metrics_secret_id)["token"])
    if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), wanted.encode()):
        raise UnauthorizedError("Send the scrape credential in the header: Authorization: Bearer <credential>.")


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one API Gateway request."""
    return api.serve(event, context)
