"""A map as a file opens from the disk, with no website and no network."""

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from seen_map import data, find, ready
from served import AT, Site

from data.database import open_engine, open_session
from patrols.communities import find_community
from patrols.scope import Scope
from webmap.cli import speech
from webmap.maps.drawn import town_map
from webmap.maps.export import standalone
from webmap.maps.gather import gather


@pytest.mark.parametrize("about", ["open", "heat", "responsibility", "coverage"])
def test_a_map_opens_from_the_disk_without_any_network(
    site: Site, watch, page: Page, context: BrowserContext, tmp_path: Path, about: str
) -> None:
    file = tmp_path / "map.html"
    engine = open_engine(f"sqlite:///{site.file}")
    with open_session(engine) as session, speech.for_pages():
        town = gather(session, Scope(), find_community(session, None, on=AT.date()), AT)
        file.write_text(standalone(town_map(town, about=about), title=town.name), encoding="utf-8")
    engine.dispose()
    context.set_offline(True)

    page.goto(file.as_uri())

    ready(page)
    expect(page.locator(".gp-grid").first).to_be_visible()
    find(page, data(page)["grids"]["code"][0])
    expect(page.locator(".gp-card")).to_be_visible()
    expect(page.locator(".gp-card .gp-go")).to_have_count(0)
