"""The JSON API, with an OpenAPI document made from its code."""

from apiflask import APIFlask


def init_api(app: APIFlask) -> None:
    """Register the API."""
