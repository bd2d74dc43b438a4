"""The heat of a hundred thousand incidents as one file: small, and open without any network."""

from pathlib import Path

import pytest
from looked_at import faults
from many_incidents import many
from playwright.sync_api import BrowserContext, Page, expect
from served import AT, Site

from data.database import open_engine, open_session
from patrols import incident_memory
from patrols.communities import find_community
from patrols.days import local_day
from patrols.incident_columns import read_columns
from patrols.incident_view import IncidentView
from patrols.scope import Scope
from webmap.cli import speech
from webmap.maps.export import standalone
from webmap.maps.heat_file import heat_map
from webmap.maps.heat_gather import heat_file
from webmap.pages.heat_words import script_words

INCIDENTS = 100_000


@pytest.fixture(scope="module")
def heat(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a year of them."""
    file = tmp_path_factory.mktemp("heat") / "heat.html"
    engine = open_engine(f"sqlite:///{site.file}")
    with open_session(engine) as session, speech.for_pages():
        place = find_community(session, None, on=AT.date())
        incident_memory.remember(engine, many(read_columns(session, place), INCIDENTS))
        view = IncidentView.of_query({}, today=local_day(place, AT))
        given = heat_file(session, Scope(), place, view, AT, words=script_words())
        file.write_text(standalone(heat_map(given), title=given.title), encoding="utf-8")
    engine.dispose()
    return file


@pytest.mark.parametrize("size", [(390, 844), (1440, 900)])
@pytest.mark.usefixtures("watch")
def test_the_file_opens_from_the_disk_without_any_network(
    page: Page, context: BrowserContext, heat: Path, size: tuple[int, int]
) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    context.set_offline(True)

    page.goto(heat.as_uri())

    expect(page.locator(".ready")).to_be_visible()
    expect(page.locator(".leaflet-heat-pane img")).to_have_count(1)
    expect(page.locator(".heat-legend .legend-ramp li")).to_have_count(6)
    assert heat.stat().st_size < 2_000_000
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert faults(page) == []


@pytest.mark.usefixtures("watch")
def test_in_the_file_time_is_moved_and_grids_are_counted(page: Page, context: BrowserContext, heat: Path) -> None:
    context.set_offline(True)
    page.goto(heat.as_uri())
    whole = page.locator(".heat-slices output").inner_text()

    page.focus(".heat-slices input")
    page.keyboard.press("ArrowRight")
    part = page.locator(".heat-slices output").inner_text()
    page.check("[name=show][value=count]", force=True)

    assert whole != part
    expect(page.locator(".leaflet-heat-pane img")).to_have_count(0)
    expect(page.locator(".legend-classes li").first).to_be_visible()
    assert page.locator("path.heat-grid").count() >= 20
