"""What a registration may look like."""

from typing import Any

import pytest
from pydantic import ValidationError

from functions.auth.models import RegisterBody


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
