"""The bodies that the auth function takes and gives."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from smartqueue.models import ApiModel, Body, YesOrNo
from smartqueue.roles import Role

TenantId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Username = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._@-]{1,64}$")]


class RegisterBody(Body):
    """tenantId: a new tenant, or none to add a user to the tenant of the caller's token."""

    username: Username
    password: str
    tenant_id: TenantId | None = None
    role: Role = Role.OPERATOR


class LoginBody(Body):
    """Who logs in."""

    username: Annotated[str, Field(max_length=200)]
    password: Annotated[str, Field(max_length=1000)]


class Session(ApiModel):
    """A token and whom it speaks for. message: what happened, in words."""

    token: str
    username: str
    tenant_id: str
    role: Role
    message: str


class UserView(ApiModel):
    """One user of the tenant."""

    user_id: str
    username: str
    role: Role
    created_at: datetime


class UserPage(ApiModel):
    """Users in the order of their names."""

    items: list[UserView]
    next_cursor: str | None


class WebhookBody(Body):
    """Where triaged tickets go. rotateSecret: sign with a new secret from now on."""

    url: str
    rotate_secret: YesOrNo = False


class WebhookView(ApiModel):
    """Where triaged tickets go, and the secret (Standard Webhooks, whsec_...) that their signatures are made with."""

    url: str | None
    secret: str
    key_version: int
