"""The webhook receiver of the laboratory: it answers by path, and its log is evidence.

`/<anything>/flaky-<n>` refuses the first request to it with 503; `/<anything>/refuse-<n>` refuses every one with 410;
everything else is taken.
"""

from collections import Counter
from http.server import BaseHTTPRequestHandler

from tests.fakes.webhook_receiver import Answer, ReceivedRequest, WebhookReceiver

NOT_YET = 503
NEVER = 410


class JobReceiver(WebhookReceiver):
    """A context manager."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: Counter[str] = Counter()

    @property
    def base(self) -> str:
        """The URL that paths are added to."""
        return f"http://127.0.0.1:{self.port}"

    def take(self, handler: BaseHTTPRequestHandler) -> Answer:
        """Remember the request and answer by its path."""
        taken = super().take(handler)
        last = handler.path.rpartition("/")[2]
        self._seen[handler.path] += 1
        if last.startswith("refuse-"):
            return Answer(status=NEVER)
        if last.startswith("flaky-") and self._seen[handler.path] == 1:
            return Answer(status=NOT_YET)
        return taken

    def requests_for(self, prefix: str) -> list[ReceivedRequest]:
        """Return what came to paths that start with `prefix`."""
        return [request for request in list(self.requests) if request.path.startswith(prefix)]
