"""What a registration may look like."""

from typing import Any

import pytest
from pydantic import ValidationError

from functions.auth.models import RegisterBody, WebhookBody


@pytest.mark.parametrize(
    "fields",
    [
        {"username": ""},
        {"username": "a b"},
        {"username": "a\n"},
        {"username": "x" * 65},
        {"username": "ü"},
        {"tenantId": ""},
        {"tenantId": "Tenant"},
        {"tenantId": "-tenant"},
        {"tenantId": "x" * 64},
        {"tenantId": "a:b"},
        {"role": "ROOT"},
        {"role": "admin"},
        {"isAdmin": True},
    ],
)
def test_a_wrong_registration_is_refused(fields: dict[str, Any]) -> None:
    good = {"username": "alice", "password": "pass123", "tenantId": "tenant-a"}
    RegisterBody.model_validate(good)
    with pytest.raises(ValidationError):
        RegisterBody.model_validate({**good, **fields})


@pytest.mark.parametrize("rotate", ["no", "false", 0, 1, None])
def test_only_true_and_false_decide_about_a_secret(rotate: object) -> None:
    with pytest.raises(ValidationError):
        WebhookBody.model_validate({"url": "https://example.com", "rotateSecret": rotate})
