"""Derived signing secrets."""

import base64

import pytest

from smartqueue.webhook_keys import derive_webhook_secret


def test_the_secret_is_stable_and_has_the_standard_form() -> None:
    secret = derive_webhook_secret("master", "tenant", 1)
    # Computed with openssl; a change here would change every receiver's secret.
    assert secret == "whsec_KsD0gC+YFN9UOEZOqExn5UVDXDakISKBBY8+loCQZSE="
    assert len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 32


@pytest.mark.parametrize(
    ("master_key", "tenant_id", "version"),
    [("other", "tenant", 1), ("master", "other", 1), ("master", "tenant", 2), ("master", "tenant:1", 1)],
)
def test_every_part_changes_the_secret(master_key: str, tenant_id: str, version: int) -> None:
    assert derive_webhook_secret(master_key, tenant_id, version) != derive_webhook_secret("master", "tenant", 1)


@pytest.mark.parametrize(("master_key", "version"), [("", 1), ("master", 0), ("master", -1)])
def test_an_empty_key_and_versions_below_one_are_refused(master_key: str, version: int) -> None:
    with pytest.raises(ValueError, match="webhook secrets"):
        derive_webhook_secret(master_key, "tenant", version)
