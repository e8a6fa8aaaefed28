"""The password of a database role, in a secret {"username", "password"}; the schema's owner sets it."""

import secrets
import string

import psycopg

from functions.rotate.kinds import Content, RotationError
from smartqueue.database import Database
from smartqueue.role_passwords import can_log_in, set_password
from smartqueue.settings import DatabaseSettings

# 190 bits, and nothing that any connection string would have to escape.
ALPHABET = string.ascii_letters + string.digits
LENGTH = 32


class DatabasePassword:
    """Renews passwords. The owner's own is no exception: `owner` also tries the version that is being rotated in."""

    def __init__(self, owner: Database, settings: DatabaseSettings) -> None:
        self._owner = owner
        self._settings = settings

    @staticmethod
    def fits(content: Content) -> bool:
        """Tell whether a secret is of this kind."""
        return {"username", "password"} <= content.keys()

    def renew(self, current: Content) -> Content:
        """Return the same with a new password."""
        return {**current, "password": "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))}

    def apply(self, current: Content, pending: Content) -> None:
        """Give the role its new password, unless it has it already. Raises RotationError, psycopg.Error."""
        role = str(pending["username"])
        if role != current["username"]:
            raise RotationError(f"a rotation must not turn the role {current['username']} into {role}")
        if can_log_in(self._settings, pending):
            return
        try:
            set_password(self._owner.connection(), role, str(pending["password"]))
        except psycopg.errors.UndefinedObject:
            raise RotationError(f"the database has no role {role}") from None

    def test(self, current: Content, pending: Content) -> None:  # noqa: ARG002
        """Log in with the new password. Raises RotationError, psycopg.OperationalError."""
        if not can_log_in(self._settings, pending):
            raise RotationError(f"the role {pending['username']} cannot log in with its new password")
