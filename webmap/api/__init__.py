"""The JSON API, with an OpenAPI document made from its code."""

from typing import Any

from apiflask import APIFlask

from webmap.api import categories, cold, drafts, editions, exchange, heat, incidents, patrols, places
from webmap.api.shapes import PROBLEM
from webmap.errors import BY_STATUS

ALWAYS = (400, 401, 403, 404, 409, 422, 503)
"""Errors that every operation may answer with."""

WITH_BODY = (413, 415)
"""Errors besides, where a body is sent."""

WITH_REVISION = (412, 428)
"""Errors besides, where an edit must say which revision it was made on."""


def init_api(app: APIFlask) -> None:
    """Register the API and complete its document."""
    app.config.update(
        OPENAPI_VERSION="3.1.0",
        DESCRIPTION=(
            "Grids, incidents and patrols of communities. Sign in with every request (HTTP Basic), or with the cookie "
            "of the pages and their X-CSRFToken. Errors are application/problem+json with a stable type."
        ),
        AUTO_404_RESPONSE=False,
        AUTO_VALIDATION_ERROR_RESPONSE=False,
        AUTO_AUTH_ERROR_RESPONSE=False,
        AUTO_SERVERS=False,
        SECURITY_SCHEMES={
            "password": {"type": "http", "scheme": "basic"},
            "cookie": {"type": "apiKey", "in": "cookie", "name": "gridpatrol"},
        },
    )
    for module in (places, incidents, exchange, categories, patrols, cold, editions, drafts, heat):
        app.register_blueprint(module.api)
    app.spec_processor(_complete)


def _complete(document: Any) -> Any:
    """Add to every operation how one signs in and which problems it may answer with."""
    document.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    document["security"] = [{"password": []}, {"cookie": []}]
    for path in document["paths"].values():
        for method, operation in path.items():
            if method == "parameters":
                continue
            if "requestBody" in operation:
                operation["requestBody"]["required"] = True
            statuses = ALWAYS + (WITH_BODY if "requestBody" in operation else ())
            for one in operation.get("parameters", ()):
                if one.get("name") == "If-Match":
                    # Checked by hand, because leaving it out has a status of its own.
                    one["required"] = True
                    statuses += WITH_REVISION
            for status in statuses:
                operation["responses"].setdefault(str(status), _problem(status))
    return document


def _problem(status: int) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        "description": BY_STATUS.get(status, BY_STATUS[400]).title,
        "content": {"application/problem+json": {"schema": schema}},
    }
