"""The map in a real browser: it shows, it answers, it asks nobody else, and no user's text does anything."""

import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from looked_at import faults
from playwright.sync_api import BrowserContext, Page, expect
from served import AT, Site
from sqlalchemy import Text, literal, update

from data.database import open_engine, open_session
from data.models import (
    Building,
    Category,
    ChainLink,
    Community,
    Compound,
    Grid,
    Incident,
    Organisation,
    Person,
    Street,
    Team,
)
from patrols.communities import find_community
from patrols.scope import Scope
from webmap.cli import speech
from webmap.maps.drawn import town_map
from webmap.maps.export import standalone
from webmap.maps.gather import gather

EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>`${alert(1)}`'\"{{7*7}}"

TEXTS = {
    Community: ("name", "attribution"),
    Grid: ("name", "explanation"),
    Street: ("name",),
    Building: ("name", "address"),
    Compound: ("name",),
    Person: ("name",),
    ChainLink: ("zh", "en"),
    Category: ("zh", "en"),
    Incident: ("number", "description", "address"),
    Organisation: ("name",),
    Team: ("name",),
}
"""Every text that people write and a map may show."""


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


def test_a_grid_s_card_names_who_answers_and_leads_to_its_page(enter, site: Site) -> None:
    page = ready(enter(site, "/map"))
    code = data(page)["grids"]["code"][3]

    find(page, code)

    card = page.locator(".gp-card")
    expect(card.locator(".gp-over")).to_have_text(code)
    assert card.locator(".gp-chain li").count() >= 2
    assert card.locator(".gp-stat").count() == 4
    card.locator(".gp-go").click()
    page.wait_for_url(f"{site.address}/grids/{code}")


def test_an_incident_s_card_leads_to_its_page(enter, site: Site) -> None:
    page = ready(enter(site, "/map"))
    incidents = part(page, "incidents")["incidents"]
    expect(page.locator(".gp-dot, .gp-cluster").first).to_be_visible()
    grid = next(grid for grid, still in zip(incidents["grid"], incidents["open"], strict=True) if still and grid >= 0)
    find(page, data(page)["grids"]["code"][grid])

    page.locator(".gp-rows .gp-row").first.click()

    number = page.locator(".gp-card .gp-over").text_content()
    assert number in incidents["number"]
    page.locator(".gp-go").click()
    page.wait_for_url(f"{site.address}/incidents/{number}")


@pytest.mark.parametrize("kind", ["street", "building", "compound", "person"])
def test_places_and_people_are_found_by_name_with_the_keyboard_alone(enter, site: Site, kind: str) -> None:
    page = ready(enter(site, "/map"))
    wanted = next(place for place in data(page)["search"] if place["kind"] == kind)
    before = page.evaluate("location.search")

    page.focus("#gp-find")
    page.keyboard.type(wanted["text"])
    expect(page.locator("#gp-found [role=option]").first).to_contain_text(wanted["text"])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    expect(page.locator("#gp-found")).to_be_hidden()
    page.wait_for_function("(before) => location.search !== before", arg=before)
    if kind == "person":
        expect(page.locator(".gp-card .gp-chain")).to_contain_text(wanted["text"])


def test_what_nobody_is_called_is_not_found(enter, site: Site) -> None:
    page = ready(enter(site, "/map"))

    page.fill("#gp-find", "没有这个地方")

    expect(page.locator("#gp-found .gp-none")).to_be_visible()


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


def test_a_volunteer_sees_incidents_and_people_of_the_own_grid_alone(enter, site: Site) -> None:
    page = ready(enter(site, "/map", login="redcap"))
    given = data(page)

    mine = {i for i, card in enumerate(given["grids"]["card"]) if card["stats"]}
    assert 1 <= len(mine) < len(given["grids"]["card"])
    assert set(part(page, "incidents")["incidents"]["grid"]) <= mine
    assert all(not card["chain"] for i, card in enumerate(given["grids"]["card"]) if i not in mine)
    assert {place["grid"] for place in given["search"] if place["kind"] == "person"} <= mine


def test_hostile_texts_in_every_field_do_nothing(enter, serve: Callable[[Path], Site], tmp_path: Path) -> None:
    site = serve(tmp_path / "hostile.sqlite")
    poison(site.file)
    page = ready(enter(site, "/map"))

    for layer in ("done", "heat", "tracks", "walked", "duty", "boards", "cameras"):
        page.check(f"input[data-layer={layer}]")
        expect(page.locator(f"[data-note={layer}]")).not_to_have_text("…")
    page.goto(f"{site.address}/map?place=110108999&layers=heat,words")
    ready(page)
    expect(page.locator(".gp-classes li").first).to_be_visible()
    ready(enter(site, "/map"))
    for kind in ("grid", "person", "street", "compound", "building"):
        wanted = next(place for place in data(page)["search"] if place["kind"] == kind)
        assert EVIL in wanted["text"]
        find(page, wanted["text"])
    find(page, data(page)["grids"]["code"][3])
    expect(page.locator(".gp-card h2")).to_contain_text("${alert(1)}")
    page.locator(".gp-rows .gp-row").first.click()
    expect(page.locator(".gp-card .gp-over")).to_contain_text("${alert(1)}")
    expect(page.locator(".gp-card img, .gp-card script, .gp-panel img")).to_have_count(0)


def poison(file: Path) -> None:
    """Put a hostile text before every text of a database that a map may show."""
    engine = open_engine(f"sqlite:///{file}")
    with open_session(engine, writing=True) as session:
        for model, names in TEXTS.items():
            hostile = {name: literal(EVIL, Text).op("||")(getattr(model, name)) for name in names}
            session.execute(update(model).values(hostile), execution_options={"synchronize_session": False})
        session.commit()
    engine.dispose()


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


def test_the_time_is_dragged_and_everything_follows(enter, site: Site) -> None:
    page = enter(site, "/help")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{site.address}/map")
    ready(page)
    expect(page.locator(".gp-bars-in")).to_be_visible()
    whole = page.locator(".gp-time-said").text_content()
    bars = page.locator(".gp-time-bars").bounding_box()
    assert bars

    page.mouse.move(bars["x"] + 0.6 * bars["width"], bars["y"] + 20)
    page.mouse.down()
    page.mouse.move(bars["x"] + 0.7 * bars["width"], bars["y"] + 20, steps=4)
    page.mouse.up()

    page.wait_for_url("**since=*")
    assert page.locator(".gp-time-said").text_content() != whole
    expect(page.locator("[data-note=open]")).not_to_have_text("…")
    asked = parse_qs(urlsplit(page.url).query)
    incidents = part(page, "incidents")["incidents"]["number"]
    assert "2026-06" < asked["since"][0] < asked["until"][0] < "2026-09"
    assert 0 < len(incidents) < 600


def test_the_ends_of_the_time_are_moved_with_the_keyboard_alone(enter, site: Site) -> None:
    page = ready(enter(site, "/map"))
    end = page.locator(".gp-time-to")
    before = end.get_attribute("aria-valuetext")

    end.focus()
    page.keyboard.press("PageDown")
    page.keyboard.press("ArrowLeft")

    page.wait_for_url("**until=*")
    assert before
    assert end.get_attribute("aria-valuetext") == "2026-11-14"
    page.locator(".gp-time-all").click()
    page.wait_for_function("!location.search.includes('until')")


def test_only_one_category_is_shown_and_the_address_says_so(enter, site: Site) -> None:
    page = ready(enter(site, "/map"))
    page.click(".gp-filters summary")

    page.select_option("select[data-filter=source]", "hotline")

    page.wait_for_url("**source=hotline*")
    page.reload()
    ready(page)
    expect(page.locator("select[data-filter=source]")).to_have_value("hotline")


def test_key_figures_say_how_they_changed_in_words_too(enter, site: Site) -> None:
    page = ready(enter(site, "/map"))

    expect(page.locator(".gp-keys dl > div")).to_have_count(7)
    assert page.locator(".gp-trend .gp-hidden").count() >= 3


def test_from_the_subdistrict_one_goes_into_a_community(enter, site: Site) -> None:
    page = ready(enter(site, "/map?place=110108999"))
    expect(page.locator(".gp-grid")).to_have_count(1)

    find(page, data(page)["grids"]["code"][0])
    page.locator(".gp-card .gp-go").click()

    page.wait_for_url("**place=110108999001*")
    ready(page)
    assert page.locator(".gp-grid").count() >= 20


def test_an_address_of_an_earlier_map_still_opens_its_view(enter, site: Site) -> None:
    page = ready(enter(site, "/map#16.25/39.9986/116.3155&households&tracks,words"))

    assert page.is_checked("input[data-figure=households]")
    assert page.is_checked("input[data-layer=tracks]")
    assert not page.is_checked("input[data-layer=open]")


def test_to_the_big_screen_and_back_the_view_is_kept(enter, site: Site) -> None:
    page = enter(site, "/help")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{site.address}/map?since=2026-10-01&until=2026-10-31&layers=heat,words")
    ready(page)

    page.click(".gp-to-screen")
    page.wait_for_url("**screen=1*")
    ready(page)
    page.focus(".gp-screen-end")
    page.keyboard.press("Enter")

    page.wait_for_function("!location.search.includes('screen')")
    ready(page)
    asked = parse_qs(urlsplit(page.url).query)
    assert (asked["since"], asked["layers"]) == (["2026-10-01"], ["heat,words"])


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (3840, 2160)])
def test_a_big_screen_shows_the_ground_alone_and_turns_by_itself(enter, site: Site, width: int, height: int) -> None:
    page = enter(site, "/help")
    page.set_viewport_size({"width": width, "height": height})
    page.clock.install()
    page.goto(f"{site.address}/map?screen=1")
    ready(page)
    first = page.locator(".gp-scene").text_content()

    page.clock.run_for(21_000)

    assert page.locator(".gp-scene").text_content() != first
    expect(page.locator("header.top")).to_be_hidden()
    expect(page.locator(".gp-layers label:visible")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollHeight") <= height
    size = float(page.locator(".gp-keys dd b").first.evaluate("(one) => one.getBoundingClientRect().height"))
    assert size >= height / 30


def test_a_grid_s_card_goes_down_to_a_building_and_the_address_keeps_it(
    enter, site: Site, context: BrowserContext
) -> None:
    page = ready(enter(site, "/map"))
    find(page, data(page)["grids"]["code"][3])
    page.locator(".gp-houses summary").click()

    house = page.locator(".gp-houses .gp-row").first
    name = house.locator("span").text_content()
    house.click()

    expect(page.locator(".gp-card h2")).to_have_text(name or "")
    assert page.locator(".gp-card .gp-chain li").count() >= 2
    other = context.new_page()
    other.goto(page.url)
    ready(other)
    expect(other.locator(".gp-card h2")).to_have_text(name or "")


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
