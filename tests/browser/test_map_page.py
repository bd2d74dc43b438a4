"""The map in a real browser: it shows, fits, fetches what it needs and nothing else, and its address keeps the view."""

from urllib.parse import parse_qs, urlsplit

import pytest
from looked_at import faults
from playwright.sync_api import BrowserContext, Page, expect
from seen_map import data, find, part, ready
from served import Site


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (390, 844)])
def test_the_whole_town_shows_and_nothing_sticks_out(enter, site: Site, width: int, height: int) -> None:
    page = enter(site, "/help")
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{site.address}/map")
    ready(page)

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.documentElement.scrollHeight") <= height
    grids = page.locator(".gp-grid")
    assert grids.count() == len(data(page)["grids"]["code"]) >= 20
    ground = page.locator(".leaflet-fill-pane svg").evaluate("""(svg) => {
        const boxes = [...svg.querySelectorAll(".gp-grid")].map((one) => one.getBoundingClientRect());
        return [Math.min(...boxes.map((b) => b.left)), Math.max(...boxes.map((b) => b.right)),
                Math.min(...boxes.map((b) => b.top)), Math.max(...boxes.map((b) => b.bottom))];
    }""")
    assert 0 <= ground[0] < ground[1] <= width
    assert 0 <= ground[2] < ground[3] <= height


def test_on_a_phone_everything_to_tap_is_large_enough_and_the_sheet_opens(enter, site: Site) -> None:
    page = enter(site, "/help")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{site.address}/map")
    ready(page)

    page.click(".gp-fold")

    expect(page.locator(".gp-more")).to_be_visible()
    taps = page.locator(".gp-fold, .gp-search input, .gp-segments label, .gp-switch")
    assert min(box["height"] for box in (tap.bounding_box() for tap in taps.all()) if box) >= 48
    assert page.locator(".gp-classes li").count() >= 2


def test_a_map_weighs_less_than_a_megabyte_and_a_half(enter, site: Site) -> None:
    page = ready(enter(site, "/map"))

    weight = page.evaluate("""performance.getEntriesByType("resource")
        .concat(performance.getEntriesByType("navigation")).reduce((sum, one) => sum + one.encodedBodySize, 0)""")

    assert 50_000 < weight < 1_500_000


def test_each_colour_of_the_grids_has_a_legend_that_counts_all_of_them(enter, site: Site) -> None:
    page = ready(enter(site, "/map"))
    grids = data(page)["figures"]

    assert len(grids) == 6
    for figure in grids:
        page.locator(f"input[data-figure={figure['key']}]").check(force=True)
        drawn = part(page, figure["fetch"])["figure"] if "fetch" in figure else figure
        expect(page.locator(".gp-legend-note")).to_have_text(drawn["note"])
        expect(page.locator(".gp-classes li")).to_have_count(len(drawn["classes"]))
        assert sum(one["grids"] for one in drawn["classes"]) == len(data(page)["grids"]["code"])


def test_layers_come_and_go(enter, site: Site) -> None:
    page = ready(enter(site, "/map"))
    expect(page.locator(".leaflet-heat-pane img")).to_have_count(0)
    expect(page.locator(".gp-dot, .gp-cluster").first).to_be_visible()

    page.check("input[data-layer=heat]")
    page.check("input[data-layer=tracks]")
    page.check("input[data-layer=walked]")
    page.uncheck("input[data-layer=open]")
    page.uncheck("input[data-layer=late]")

    expect(page.locator(".leaflet-heat-pane img")).to_have_count(1)
    expect(page.locator(".gp-heat-legend .gp-heat-classes li")).to_have_count(6)
    expect(page.locator(".leaflet-tracks-pane canvas").first).to_be_visible()
    expect(page.locator(".leaflet-marker-pane > *")).to_have_count(0)
    page.uncheck("input[data-layer=heat]")
    expect(page.locator(".leaflet-heat-pane img")).to_have_count(0)


def test_nothing_is_fetched_for_a_layer_that_is_off(enter, site: Site, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url.partition("?")[0].rpartition("/")[2]))

    ready(enter(site, "/map?layers=words,base"))
    page.wait_for_load_state("networkidle")
    before = set(asked)
    page.check("input[data-layer=walked]")
    expect(page.locator("[data-note=walked]")).not_to_have_text("…")
    page.wait_for_load_state("networkidle")

    assert before & {"incidents", "walked", "tracks", "duty", "boards", "cameras", "found", "heat.png"} == set()
    assert "walked" in set(asked) - before


def test_clusters_and_dots_together_show_every_open_incident_once(enter, site: Site) -> None:
    page = ready(enter(site, "/map"))
    expect(page.locator(".gp-dot, .gp-cluster").first).to_be_visible()

    shown = page.evaluate("""[...document.querySelectorAll(".leaflet-marker-pane > *")]
        .map((one) => one.classList.contains("gp-cluster") ? Number(one.textContent) : 1).reduce((a, b) => a + b, 0)""")

    assert shown == sum(part(page, "incidents")["incidents"]["open"])


def test_a_view_can_be_passed_on_by_its_address(enter, site: Site, context: BrowserContext) -> None:
    page = ready(enter(site, "/map"))
    page.check("input[data-layer=tracks]")
    page.locator("input[data-figure=households]").check(force=True)
    find(page, data(page)["grids"]["code"][5])
    page.wait_for_timeout(500)
    address = page.url

    other = context.new_page()
    other.goto(address)
    ready(other)

    assert other.is_checked("input[data-layer=tracks]")
    assert other.is_checked("input[data-figure=households]")
    assert parse_qs(urlsplit(other.url).query)["at"] == parse_qs(urlsplit(address).query)["at"]
    expect(other.locator(".gp-card .gp-over")).to_have_text(data(page)["grids"]["code"][5])


def test_an_address_of_an_earlier_map_still_opens_its_view(enter, site: Site) -> None:
    page = ready(enter(site, "/map#16.25/39.9986/116.3155&households&tracks,words"))

    assert page.is_checked("input[data-figure=households]")
    assert page.is_checked("input[data-layer=tracks]")
    assert not page.is_checked("input[data-layer=open]")


@pytest.mark.parametrize(
    "query", ["?layers=late,heat,walked,needs,words,base", "?place=110108999&layers=heat,words", "?screen=1"]
)
def test_what_axe_finds_on_the_map_is_nothing(enter, site: Site, query: str) -> None:
    page = enter(site, "/help")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{site.address}/map{query}")
    ready(page)
    expect(page.locator(".gp-keys dl > div")).to_have_count(7)
    if "screen" not in query:
        find(page, data(page)["grids"]["code"][0])
        page.click(".gp-filters summary")

    assert faults(page) == []
