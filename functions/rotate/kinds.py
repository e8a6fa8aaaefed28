"""What every kind of secret has in common when it is rotated."""

from collections.abc import Mapping
from typing import Any, Protocol

from smartqueue.errors import SmartQueueError

Content = Mapping[str, Any]
"""The JSON object that a version of a secret holds."""


class RotationError(SmartQueueError):
    """A rotation that cannot go on. The message names the secret or a role, never what the secret holds."""


class Kind(Protocol):
    """How one kind of secret is renewed. Every method may be called again after it has succeeded."""

    def renew(self, current: Content) -> Content:
        """Return the content that shall follow `current`."""
        ...

    def apply(self, current: Content, pending: Content) -> None:
        """Let the service that the secret opens take `pending`. Raises RotationError."""
        ...

    def test(self, current: Content, pending: Content) -> None:
        """Use `pending` as its readers will. Raises RotationError unless it works."""
        ...
