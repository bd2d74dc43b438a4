"""What axe finds on the pages of the website: nothing."""

from collections.abc import Callable, Iterator

import pytest
from linked_pages import one_of_each, read_on, views_of
from looked_at import faults
from playwright.sync_api import Page
from served import Site
from werkzeug.routing import MapAdapter


@pytest.fixture(scope="module")
def addresses(site: Site) -> Iterator[MapAdapter]:
    with views_of(site) as found:
        yield found


@pytest.mark.parametrize(
    ("language", "width", "logins"),
    [("zh", 390, ("admin", "manager", "redcap")), ("en", 1440, ("admin", "official", "handler"))],
)
def test_no_page_has_a_fault_for_those_who_listen_to_it(
    enter: Callable[..., Page], site: Site, addresses: MapAdapter, language: str, width: int, logins: tuple[str, ...]
) -> None:
    seen: dict[str, set[str]] = {}
    found: dict[str, list[str]] = {}
    for login in logins:
        page = enter(site, "/", login)
        page.set_viewport_size({"width": width, "height": 900})
        read_on(page, site, language)
        found |= {at: faults(page) for at in one_of_each(page, addresses, seen, login=login)}
        # The website remembers a person's language.
        read_on(page, site, "zh")

    assert {at: told for at, told in found.items() if told} == {}


def test_a_fault_would_be_found(enter: Callable[..., Page], site: Site) -> None:
    page = enter(site, "/help", "manager")
    page.evaluate("() => document.querySelector('main').append(document.createElement('button'))")

    assert any("button-name" in fault for fault in faults(page))
