"""What one execution environment keeps for its whole life: the function's settings and its clients.

Each is made at its first use, so that importing a handler touches nothing and a function pays only for what it uses.
Where Lambda takes snapshots, their code is loaded before.
"""

import os
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from smartqueue.errors import SettingsError
from smartqueue.failpoints import arm
from smartqueue.roles import Principal
from smartqueue.settings import (
    CacheSettings,
    CorsSettings,
    DatabaseSettings,
    EnvironmentModel,
    KafkaSettings,
    StageSettings,
    TokenSettings,
)
from smartqueue.snapshots import prepare_snapshot

if TYPE_CHECKING:
    from smartqueue.broker import Broker
    from smartqueue.cache import Cache
    from smartqueue.database import Database
    from smartqueue.store.outbox import Outbox
    from smartqueue.tokens import Tokens


class Environment[S: StageSettings]:
    """One function's. Asking for a client whose settings the function does not have raises SettingsError."""

    def __init__(self, settings_type: type[S], *, loads_later: Sequence[str] = ()) -> None:
        """loads_later: modules that the function imports at their first use, if that comes."""
        self._settings_type = settings_type
        prepare_snapshot(settings_type, loads_later)

    @cached_property
    def settings(self) -> S:
        """The function's settings. Raises SettingsError."""
        settings = self._settings_type.from_environment(os.environ)
        arm(settings.failpoints_folder, function=os.environ.get("POWERTOOLS_SERVICE_NAME", ""))
        return settings

    @cached_property
    def database(self) -> "Database":
        """Postgres, as this function's own role."""
        from smartqueue.database import connect_database  # noqa: PLC0415

        return connect_database(self._part(DatabaseSettings))

    @cached_property
    def cache(self) -> "Cache":
        """Valkey."""
        from smartqueue.cache import connect_cache  # noqa: PLC0415

        return connect_cache(self._part(CacheSettings))

    @cached_property
    def broker(self) -> "Broker":
        """The Kafka producer."""
        from smartqueue.broker import connect_broker  # noqa: PLC0415

        return connect_broker(self._part(KafkaSettings))

    @cached_property
    def outbox(self) -> "Outbox":
        """The outbox, over Postgres and Kafka."""
        from smartqueue.store.outbox import Outbox  # noqa: PLC0415

        return Outbox(self.database, self.broker)

    @cached_property
    def tokens(self) -> "Tokens":
        """Makes and reads tokens."""
        from smartqueue.tokens import Tokens  # noqa: PLC0415

        return Tokens(self._part(TokenSettings))

    def allowed_origins(self) -> frozenset[str]:
        """Return the web origins whose pages may read this function's answers."""
        return self._part(CorsSettings).allowed_origins

    def verify(self, authorization: str | None) -> Principal:
        """Return who an Authorization header speaks for. Raises UnauthorizedError."""
        return self.tokens.verify(authorization)

    def _part[P: EnvironmentModel](self, kind: type[P]) -> P:
        if not isinstance(self.settings, kind):
            raise SettingsError(f"{self._settings_type.__module__}: its settings do not include {kind.__name__}")
        return kind.model_validate({name: getattr(self.settings, name) for name in kind.model_fields})
