"""The rules of registering and logging in."""

from functions.auth.login_limit import LoginLimit
from functions.auth.models import LoginBody, RegisterBody, Session
from functions.auth.passwords import check_password_rules, hash_password, verify_password
from functions.auth.settings import Settings
from functions.auth.users import UserStore
from smartqueue.cache import Cache
from smartqueue.errors import ForbiddenError, UnauthorizedError, UnprocessableError
from smartqueue.ids import new_id
from smartqueue.roles import Principal, Role
from smartqueue.tokens import Tokens


class Accounts:
    """Registers and logs in."""

    def __init__(self, users: UserStore, tokens: Tokens, cache: Cache, settings: Settings) -> None:
        self._users = users
        self._tokens = tokens
        self._min_length = settings.password_min_length
        self._limit = LoginLimit(
            cache, allowed=settings.login_failures_allowed, window_seconds=settings.login_window_seconds
        )

    def register(self, body: RegisterBody, *, caller: Principal | None, correlation_id: str) -> Session:
        """Create a tenant with its first user, or add a user to the caller's tenant.

        Raises ForbiddenError (not the tenant's ADMIN), ConflictError (username taken), UnprocessableError.
        """
        check_password_rules(body.password, body.username, min_length=self._min_length)
        if caller is None:
            return self._found(body, correlation_id)
        if caller.role is not Role.ADMIN:
            raise ForbiddenError(f"Only an ADMIN adds users; you are {caller.role}.")
        if body.tenant_id not in {None, caller.tenant_id}:
            raise ForbiddenError(
                f"You can add users to your own tenant only: leave tenantId out or send {caller.tenant_id}."
            )
        user = Principal(user_id=new_id(), username=body.username, tenant_id=caller.tenant_id, role=body.role)
        self._users.create_user(
            user, by=caller, password_hash=hash_password(body.password), correlation_id=correlation_id
        )
        return self._session(user, f"{user.username} now belongs to {user.tenant_id} as {user.role}.")

    def login(self, body: LoginBody) -> Session:
        """Check a password. Raises UnauthorizedError, the same for every cause, or TooManyRequestsError."""
        self._limit.take(body.username)
        row = self._users.find_user(body.username)
        if not verify_password(body.password, row["password_hash"] if row else None) or row is None:
            raise UnauthorizedError("Username or password is wrong.")
        self._limit.clear(body.username)
        user = Principal(
            user_id=str(row["user_id"]),
            username=row["username"],
            tenant_id=row["tenant_id"],
            role=Role(row["role"]),
        )
        return self._session(user, "Login successful.")

    def _found(self, body: RegisterBody, correlation_id: str) -> Session:
        if body.tenant_id is None:
            raise UnprocessableError.of_field(
                "tenantId", "is needed to found a tenant; to join one, its ADMIN must add you"
            )
        admin = Principal(user_id=new_id(), username=body.username, tenant_id=body.tenant_id, role=Role.ADMIN)
        self._users.create_tenant(admin, password_hash=hash_password(body.password), correlation_id=correlation_id)
        asked = f" (not {body.role})" if "role" in body.model_fields_set and body.role is not Role.ADMIN else ""
        message = f"You are the first user of {body.tenant_id}, so your role is ADMIN{asked}."
        return self._session(admin, message)

    def _session(self, user: Principal, message: str) -> Session:
        return Session(
            token=self._tokens.issue(user),
            username=user.username,
            tenant_id=user.tenant_id,
            role=user.role,
            message=message,
        )
