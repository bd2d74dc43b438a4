"""What tests of the map in a real browser share: waiting for it, what it was given, and searching on it."""

import json

from playwright.sync_api import Page, expect


def ready(page: Page) -> Page:
    """Wait until the map is drawn."""
    expect(page.locator(".gp-ready")).to_be_visible()
    return page


def data(page: Page) -> dict:
    """What the map was given to draw."""
    return json.loads(page.locator("script[type='application/json']").text_content() or "")


def part(page: Page, name: str) -> dict:
    """What the map fetches of one part for the view that it shows."""
    return page.evaluate(
        """(name) => fetch("/map/parts/" + name + location.search, { credentials: "same-origin" })
            .then((answer) => answer.json())""",
        name,
    )


def find(page: Page, words: str) -> None:
    """Search, and take the first that is found."""
    page.fill("#gp-find", words)
    page.locator("#gp-found [role=option]").first.wait_for()
    page.press("#gp-find", "Enter")
