"""What one finds and taps on the map: its card says who answers and leads on."""

import pytest
from playwright.sync_api import BrowserContext, expect
from seen_map import data, find, part, ready
from served import Site


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


def test_an_incident_is_reached_through_its_clusters_with_the_keyboard_alone(enter, site: Site) -> None:
    page = ready(enter(site, "/map"))
    numbers = part(page, "incidents")["incidents"]["number"]
    dots = page.locator(".gp-dot")
    for _ in range(12):
        expect(page.locator(".gp-dot, .gp-cluster").first).to_be_visible()
        page.wait_for_function("() => !document.querySelector('.leaflet-zoom-anim, .leaflet-cluster-anim')")
        if dots.count():
            break
        page.locator(".gp-cluster").first.focus()
        page.keyboard.press("Enter")
    dots.first.focus()

    page.keyboard.press(" ")

    assert page.locator(".gp-card .gp-over").text_content() in numbers


def test_cameras_are_named_from_near_alone_and_their_cards_say_who_keeps_them(enter, site: Site) -> None:
    page = ready(enter(site, "/map?layers=cameras"))
    pins = page.locator(".gp-pin-camera")
    expect(pins.first).to_be_attached()
    known = part(page, "cameras")["cameras"]
    assert pins.count() == len(known) > 10
    expect(page.locator(".gp-pin-camera .gp-tag-face:visible")).to_have_count(0)

    pins.nth(3).focus()
    page.keyboard.press("Enter")

    card = page.locator(".gp-card")
    expect(card.locator("h2")).to_have_text(known[3]["text"])
    expect(card.locator("dd")).to_have_text([value for _, value in known[3]["facts"]])
    find(page, data(page)["grids"]["code"][3])
    expect(page.locator(".gp-pin-camera .gp-tag-face:visible")).not_to_have_count(0)


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


def test_a_volunteer_sees_incidents_and_people_of_the_own_grid_alone(enter, site: Site) -> None:
    page = ready(enter(site, "/map", login="redcap"))
    given = data(page)

    mine = {i for i, card in enumerate(given["grids"]["card"]) if card["stats"]}
    assert 1 <= len(mine) < len(given["grids"]["card"])
    assert set(part(page, "incidents")["incidents"]["grid"]) <= mine
    assert all(not card["chain"] for i, card in enumerate(given["grids"]["card"]) if i not in mine)
    assert {place["grid"] for place in given["search"] if place["kind"] == "person"} <= mine


def test_from_the_subdistrict_one_goes_into_a_community(enter, site: Site) -> None:
    page = ready(enter(site, "/map?place=110108999"))
    expect(page.locator(".gp-grid")).to_have_count(1)

    find(page, data(page)["grids"]["code"][0])
    page.locator(".gp-card .gp-go").click()

    page.wait_for_url("**place=110108999001*")
    ready(page)
    assert page.locator(".gp-grid").count() >= 20


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
