"""Files that are made beside the requests: asked for, waited for, taken."""

import time
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

PATIENCE_S = 60.0
JSON = {"Accept": "application/json"}
PAGE = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "Sec-Fetch-Dest": "document"}
"""What a browser says that opens a page."""


def begun(browser: FlaskClient, address: str) -> str:
    """Ask for a file; the address under which one hears of it."""
    answer = browser.get(address, headers=JSON)
    assert answer.status_code == 202, answer.text
    return str(answer.json["ask"])


def waited(browser: FlaskClient, address: str) -> TestResponse:
    """What a page's script hears once the work is done or has failed."""
    until = time.monotonic() + PATIENCE_S
    while (answer := browser.get(address, headers=JSON)).status_code == 202:
        assert time.monotonic() < until
        time.sleep(0.01)
    return answer


def fetched(browser: FlaskClient, address: str, **how: Any) -> TestResponse:
    """A file, asked for, waited for and taken."""
    told = waited(browser, begun(browser, address))
    return browser.get(told.json["to"], buffered=True, **how)
