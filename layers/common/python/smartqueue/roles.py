"""Who may do what: one rule for the authorizer at the edge and for the handlers behind it."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """VIEWER reads; OPERATOR also submits and cancels; ADMIN also replays, reads audit logs and manages users."""

    VIEWER = "VIEWER"
    OPERATOR = "OPERATOR"
    ADMIN = "ADMIN"

    def includes(self, other: "Role") -> bool:
        """Tell whether this role may do all that `other` may."""
        order = list(Role)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True, kw_only=True)
class Principal:
    """Who a verified token speaks for."""

    user_id: str
    username: str
    tenant_id: str
    role: Role


def required_role(method: str, path: str) -> Role:
    """Return the least role that may call a route; `path` without the stage, as in /jobs/{jobId}."""
    if path == "/admin" or path.startswith("/admin/"):
        return Role.ADMIN
    return Role.VIEWER if method.upper() in {"GET", "HEAD"} else Role.OPERATOR
