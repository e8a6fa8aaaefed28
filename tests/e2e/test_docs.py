"""The API's own description, and the page to try it out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from infra.cdk.routes import ROUTES
from tests.e2e.client import Tenant

if TYPE_CHECKING:
    from tests.e2e.client import Caller

METHODS = {"get", "post", "put", "delete"}
# What describes the API is no part of it.
UNDESCRIBED = {("GET", "/docs"), ("GET", "/openapi.json")}


def test_the_document_describes_every_route(anonymous: Caller) -> None:
    document = anonymous.get("/openapi.json")

    assert document["openapi"].startswith("3.1")
    described = {
        (method.upper(), path) for path, item in document["paths"].items() for method in item if method in METHODS
    }
    assert described == {(route.method, route.path) for route in ROUTES} - UNDESCRIBED


def test_answers_have_the_fields_that_the_document_tells(tenant: Tenant) -> None:
    document = tenant.anonymous.get("/openapi.json")
    job = tenant.admin.submit()

    known: dict[str, Any] = document["components"]["schemas"]["JobView"]["properties"]
    assert set(job) == set(known)


def test_the_page_is_whole(anonymous: Caller) -> None:
    page = anonymous.call("GET", "/docs")

    assert page.status_code == 200
    assert page.headers["Content-Type"].startswith("text/html")
    assert "SwaggerUIBundle" in page.text
    assert "/admin/dlq/replay" in page.text
    # It loads nothing from elsewhere, so that it works without the internet and tells nobody.
    assert not re.search(r"""<(script|link)[^>]+(src|href)=["']https?://""", page.text)
