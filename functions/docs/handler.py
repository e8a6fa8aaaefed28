"""GET /openapi.json and GET /docs: the API's description and a page to try it out. Public, touches no data."""

import json
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from pathlib import Path
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.swagger_ui.html import generate_swagger_html

from functions.docs.settings import Settings
from smartqueue.environment import Environment
from smartqueue.http import Api

DOCUMENT = Path(__file__).with_name("openapi.json")
SWAGGER_UI = "aws_lambda_powertools.event_handler.openapi.swagger_ui"

# Relative to the document's own address, so that it is right behind any host name and stage.
SERVER = "."

environment = Environment(Settings)

api = Api(allowed_origins=environment.allowed_origins, uses_database=False)
app = api.app


@cache
def read_document() -> str:
    """Return the description that was generated from the handlers."""
    document = json.loads(DOCUMENT.read_text("utf-8"))
    document["servers"] = [{"url": SERVER}]
    return json.dumps(document)


@cache
def render_page() -> str:
    """Return Swagger UI with its assets inside, so that it loads nothing from elsewhere."""
    assets = files(SWAGGER_UI)
    return generate_swagger_html(
        read_document().replace("</", "<\\/"),
        (assets / "swagger-ui-bundle.min.js").read_text("utf-8"),
        (assets / "swagger-ui.min.css").read_text("utf-8"),
        "",
        None,
    )


@app.get("/openapi.json", enable_validation=False)
def get_document() -> Response[str]:
    """The OpenAPI 3.1 document."""
    return Response(status_code=HTTPStatus.OK, content_type="application/json", body=read_document())


@app.get("/docs", enable_validation=False)
def get_page() -> Response[str]:
    """Swagger UI; its own link to the document asks for format=json."""
    if app.current_event.query_string_parameters.get("format") == "json":
        return get_document()
    return Response(status_code=HTTPStatus.OK, content_type="text/html; charset=utf-8", body=render_page())


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one API Gateway request."""
    return api.serve(event, context)
