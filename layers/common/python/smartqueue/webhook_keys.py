"""The signing secret of each tenant's webhooks: derived from one master key, so there is none to store or to leak."""

import base64
import hashlib
import hmac

# Keeps this use of the master key apart from any other that may come.
_PURPOSE = b"smartqueue/webhook-secret\0"


def derive_webhook_secret(master_key: str, tenant_id: str, version: int) -> str:
    """Return the tenant's secret in the Standard Webhooks form, `whsec_` and 32 bytes in base64.

    The same arguments always give the same secret; a higher `version` gives a new, unrelated one.
    Raises ValueError for an empty master key or a version below 1.
    """
    if not master_key:
        raise ValueError("the master key of webhook secrets is empty")
    if version < 1:
        raise ValueError("versions of webhook secrets start at 1")
    # Unambiguous: a version is digits only, so the last colon always ends the tenant's id.
    subject = f"{tenant_id}:{version}".encode()
    secret = hmac.digest(master_key.encode(), _PURPOSE + subject, hashlib.sha256)
    return "whsec_" + base64.b64encode(secret).decode()
