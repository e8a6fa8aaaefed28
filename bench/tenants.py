"""Tenants with a token each, made in the database and signed with the lab's own key: no password is checked for it."""

from dataclasses import dataclass

from bench.lab import BenchLab
from smartqueue.ids import new_id
from smartqueue.roles import Principal, Role
from smartqueue.tokens import issue_token

# Longer than any run; the functions refuse what is good for longer than their own setting.
LIFETIME_SECONDS = 3600.0
JSON = {"content-type": "application/json"}


@dataclass(frozen=True)
class Tenant:
    """A tenant and the Authorization header of its ADMIN."""

    tenant_id: str
    authorization: str

    @property
    def headers(self) -> dict[str, str]:
        """Those of a request of that ADMIN's."""
        return {**JSON, "authorization": self.authorization}


def found_tenants(lab: BenchLab, count: int, *, word: str) -> list[Tenant]:
    """Make tenants named after `word`."""
    secret = lab.wiring.secrets()[lab.wiring.secret_name("token-keys")]
    tenants = []
    for number in range(count):
        tenant_id = f"{word}-{number}"
        lab.rows("INSERT INTO tenants (tenant_id) VALUES (%s) ON CONFLICT DO NOTHING", tenant_id)
        admin = Principal(user_id=new_id(), username=word, tenant_id=tenant_id, role=Role.ADMIN)
        token = issue_token(admin, secret, lifetime_seconds=LIFETIME_SECONDS)
        tenants.append(Tenant(tenant_id, f"Bearer {token}"))
    return tenants
