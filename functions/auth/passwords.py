"""Passwords: Argon2id, and rules that say what to change.

Parameters: OWASP Password Storage Cheat Sheet, Argon2id with 19 MiB, two iterations, one lane.
"""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from smartqueue.errors import UnprocessableError

MAX_LENGTH = 128
# Of a password that was thrown away, ready made: the first unknown user must not take twice as long.
_HASH_OF_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$c9kN5JNlR5E3AMtR/rwCbA$AvjsAcNgKKguGjPbepAGBbf69273RtysC4dCFE9onCw"
_hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


def check_password_rules(password: str, username: str, *, min_length: int) -> None:
    """Raise UnprocessableError if the password is too short, too long or the username."""
    message = None
    if len(password) < min_length:
        message = f"must have at least {min_length} characters"
    elif len(password) > MAX_LENGTH:
        message = f"must have at most {MAX_LENGTH} characters"
    elif password.casefold() == username.casefold():
        message = "must not be the username"
    if message:
        raise UnprocessableError.of_field("password", message)


def hash_password(password: str) -> str:
    """Return the hash to store."""
    return _hasher.hash(password)


def verify_password(password: str, stored: str | None) -> bool:
    """Tell whether the password is right; takes as long for a user who does not exist (`stored` is None)."""
    try:
        _hasher.verify(stored or _HASH_OF_NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None
