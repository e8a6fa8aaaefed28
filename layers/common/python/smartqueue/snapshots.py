"""SnapStart: code that is otherwise loaded at its first use is loaded before the snapshot, once for all its copies.

Nothing comes into the snapshot that its copies must not share: no connection, no secret, no random number.
"""

import os
import random
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module

from smartqueue.settings import (
    CacheSettings,
    DatabaseSettings,
    EnvironmentModel,
    KafkaSettings,
    TokenSettings,
)

SECRETS = ("botocore.session",)
# What a function with these settings uses sooner or later.
MODULES: Mapping[type[EnvironmentModel], tuple[str, ...]] = {
    DatabaseSettings: (*SECRETS, "smartqueue.database"),
    CacheSettings: (*SECRETS, "smartqueue.cache"),
    KafkaSettings: ("smartqueue.broker", "smartqueue.store.outbox", "smartqueue.kafka_client"),
    TokenSettings: (*SECRETS, "smartqueue.tokens"),
}


def prepare_snapshot(settings_type: type[EnvironmentModel], own: Sequence[str] = ()) -> None:
    """Register what has to be done before a snapshot of this environment and after its restore; else do nothing.

    own: modules of the function itself to load before.
    """
    if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") != "snap-start":
        return
    # Only Lambda's own runtime has it.
    runtime = import_module("snapshot_restore_py")
    wanted = [name for kind, names in MODULES.items() if issubclass(settings_type, kind) for name in names]
    runtime.register_before_snapshot(_load, [*wanted, *own])
    # Else all copies would spread their retries in the same way.
    runtime.register_after_restore(random.seed)


def _load(modules: Iterable[str]) -> None:
    for name in modules:
        import_module(name)
