"""The tenant's webhook: where triaged tickets go, and the secret that proves who sent them."""

from functions.auth.models import WebhookView
from functions.auth.settings import Settings
from functions.auth.users import UserStore
from smartqueue.database import Row
from smartqueue.errors import UnprocessableError
from smartqueue.roles import Principal
from smartqueue.secrets import read_secret
from smartqueue.webhook_keys import derive_webhook_secret
from smartqueue.webhook_urls import check_url, parse_networks


class Webhook:
    """Shows and changes it."""

    def __init__(self, users: UserStore, settings: Settings) -> None:
        self._users = users
        self._networks = parse_networks(settings.webhook_allowed_networks)
        self._secret_id = settings.webhook_signing_secret_id

    def show(self, caller: Principal) -> WebhookView:
        """Return the tenant's webhook."""
        return self._view(caller, self._users.find_webhook(caller.tenant_id))

    def change(self, caller: Principal, *, url: str | None, rotate: bool, correlation_id: str) -> WebhookView:
        """Set or remove it. Raises UnprocessableError for a URL that webhooks may not go to."""
        if url is not None:
            try:
                check_url(url, self._networks)
            except ValueError as error:
                raise UnprocessableError(str(error), errors=[{"field": "url", "message": str(error)}]) from None
        row = self._users.change_webhook(caller, url=url, rotate=rotate, correlation_id=correlation_id)
        return self._view(caller, row)

    def _view(self, caller: Principal, row: Row) -> WebhookView:
        version = row["webhook_key_version"]
        secret = derive_webhook_secret(read_secret(self._secret_id)["key"], caller.tenant_id, version)
        return WebhookView(url=row["webhook_url"], secret=secret, key_version=version)
