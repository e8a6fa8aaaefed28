"""Register, log in, and what an ADMIN decides about the tenant: its users and its webhook."""

from functools import cache
from http import HTTPStatus
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Query

from functions.auth.accounts import Accounts
from functions.auth.models import (
    LoginBody,
    RegisterBody,
    Session,
    UserPage,
    UserView,
    WebhookBody,
    WebhookView,
)
from functions.auth.settings import Settings
from functions.auth.users import UserStore
from functions.auth.webhook import Webhook
from smartqueue.cursors import DEFAULT_LIMIT, MAX_LIMIT, cut_page, decode_cursor, encode_cursor
from smartqueue.environment import Environment
from smartqueue.http import Api

environment = Environment(Settings)


@cache
def users() -> UserStore:
    """Return the user store."""
    return UserStore(environment.database)


@cache
def accounts() -> Accounts:
    """Return the rules of accounts."""
    return Accounts(users(), environment.tokens, environment.cache, environment.settings)


@cache
def webhook() -> Webhook:
    """Return the tenant's webhook settings."""
    return Webhook(users(), environment.settings)


api = Api(
    allowed_origins=environment.allowed_origins,
    verify=environment.verify,
    public=frozenset({"/auth/register", "/auth/login"}),
)
app = api.app


@app.post("/auth/register", status_code=HTTPStatus.CREATED, tags=["Accounts"], summary="Register a user")
def register(body: RegisterBody) -> Session:
    """The first user of a new tenant registers freely and is its ADMIN; the ADMIN's token adds the others."""
    authorization = api.header("Authorization")
    caller = environment.verify(authorization) if authorization else None
    return accounts().register(body, caller=caller, correlation_id=api.correlation_id)


@app.post("/auth/login", tags=["Accounts"], summary="Log in")
def login(body: LoginBody) -> Session:
    """Username and password for a token."""
    return accounts().login(body)


@app.get("/admin/users", tags=["Accounts"], summary="List the tenant's users")
def list_users(limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT, cursor: str | None = None) -> UserPage:
    """In the order of their names."""
    after = decode_cursor(cursor, 1)[0] if cursor else None
    rows = users().browse_users(api.principal.tenant_id, after=after, limit=limit + 1)
    page, following = cut_page(rows, limit, lambda row: encode_cursor(row["username"]))
    items = [UserView.model_validate({**row, "user_id": str(row["user_id"])}) for row in page]
    return UserPage(items=items, next_cursor=following)


@app.get("/admin/webhook", tags=["Webhook"], summary="Show the tenant's webhook")
def get_webhook() -> WebhookView:
    """With the secret that signatures are made with."""
    return webhook().show(api.principal)


@app.put("/admin/webhook", tags=["Webhook"], summary="Set the tenant's webhook")
def put_webhook(body: WebhookBody) -> WebhookView:
    """Triaged tickets are POSTed to it."""
    return webhook().change(api.principal, url=body.url, rotate=body.rotate_secret, correlation_id=api.correlation_id)


@app.delete("/admin/webhook", tags=["Webhook"], summary="Remove the tenant's webhook")
def delete_webhook() -> WebhookView:
    """Tickets then end with their triage."""
    return webhook().change(api.principal, url=None, rotate=False, correlation_id=api.correlation_id)


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one API Gateway request."""
    return api.serve(event, context)
