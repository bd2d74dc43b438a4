"""What axe finds on the pages that people open every day: nothing."""

from collections.abc import Callable

import pytest
from looked_at import faults
from playwright.sync_api import Page
from served import Site

PAGES = ["/", "/map", "/incidents", "/grids", "/patrols", "/people", "/figures", "/account", "/help", "/draw"]


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("path", PAGES)
def test_a_main_page_has_no_fault_for_those_who_listen_to_it(
    enter: Callable[..., Page], site: Site, path: str, width: int
) -> None:
    page = enter(site, path, "manager")
    page.set_viewport_size({"width": width, "height": 900})
    page.wait_for_load_state("networkidle")

    assert faults(page) == []


def test_a_fault_would_be_found(enter: Callable[..., Page], site: Site) -> None:
    page = enter(site, "/help", "manager")
    page.evaluate("() => document.querySelector('main').append(document.createElement('button'))")

    assert any("button-name" in fault for fault in faults(page))
