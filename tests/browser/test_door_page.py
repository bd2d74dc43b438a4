"""A resident with a phone at a notice board: three taps after the photo, with and without a script, seen and heard."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from looked_at import faults, too_small
from pictures import photo
from playwright.sync_api import Browser, Page, expect
from served import AT, Site, Watch
from sqlalchemy import select

from data import frames
from data.database import open_engine, open_session
from data.models import Community, Incident, Photo, StepKind
from patrols import boards, incidents, redraw

CODE = re.compile(r"^([0-9A-Z]{4}-){2}[0-9A-Z]{4}$")
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}


@pytest.fixture(scope="session")
def board(walking_site: Site) -> dict[str, str]:
    """The addresses of a building's and of a grid's board of the sample town."""
    engine = open_engine(f"sqlite:///{walking_site.file}")
    with open_session(engine, writing=True) as session:
        place = session.scalars(select(Community)).first()
        assert place is not None
        place.office_phone = "0930-8321234"
        edition = redraw.require_edition(session, place, AT)
        houses = boards.buildings(session, place)
        rows = boards.put_up(session, place, at=AT, grid_codes=[edition.grids[0].code], building_ids=houses[:1])
        found = {"grid": f"/r/{rows[0].token}", "building": f"/r/{rows[1].token}"}
        session.commit()
    engine.dispose()
    return found


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    file = tmp_path / "IMG_2231.jpg"
    file.write_bytes(photo(size=(3000, 2000)))
    return file


def last_told(site: Site) -> tuple[Incident, list[Photo]]:
    engine = open_engine(f"sqlite:///{site.file}")
    with open_session(engine) as session:
        row = session.scalars(select(Incident).order_by(Incident.id.desc()).limit(1)).one()
        shots = list(session.scalars(select(Photo).where(Photo.incident_id == row.id)))
    engine.dispose()
    return row, shots


def wait_like_people(page: Page) -> None:
    """Nobody sends a form within the first two seconds."""
    page.wait_for_timeout(1600)


@pytest.mark.browser_context_args(**PHONE)
def test_after_the_photo_two_taps_tell_of_something(
    watch: Watch, page: Page, walking_site: Site, board: dict[str, str], picture: Path
) -> None:
    page.goto(walking_site.address + board["building"])
    page.tap("a.button[href$='/report']")
    page.set_input_files("input[type=file]", picture)
    expect(page.locator("[data-photos] img")).to_have_count(1, timeout=30_000)
    wait_like_people(page)

    page.tap(".tile >> nth=1")
    page.tap(".door-send button")

    expect(page.locator(".door-code")).to_have_text(CODE)
    row, shots = last_told(walking_site)
    assert row.category_id is not None
    assert [max(one.width, one.height) for one in shots] == [1600]
    page.reload()
    expect(page.locator(".door-steps .done")).to_have_count(2)


@pytest.mark.browser_context_args(**PHONE)
def test_the_place_may_be_tapped_on_the_drawing(
    watch: Watch, page: Page, walking_site: Site, board: dict[str, str]
) -> None:
    page.goto(f"{walking_site.address}{board['building']}/report")
    wait_like_people(page)
    page.tap(".tile >> nth=0")
    page.click("details:has([data-map]) > summary")
    box = page.locator(".door-map svg").bounding_box()
    assert box is not None
    page.locator(".door-map svg").click(position={"x": box["width"] * 0.75, "y": box["height"] * 0.25})
    values = {name: float(page.input_value(f"input[name={name}]")) for name in ("lon", "lat")}

    page.tap(".door-send button")
    page.wait_for_selector(".door-code")

    row, _shots = last_told(walking_site)
    assert row.geom is not None
    assert (round(values["lon"], 6), round(values["lat"], 6)) == point_of(row)


def point_of(row: Incident) -> tuple[float, float]:
    spot = frames.decode([row.geom])[0]
    return round(spot.x, 6), round(spot.y, 6)


def test_without_a_script_it_works_as_well(
    browser: Browser, browser_context_args: dict[str, Any], walking_site: Site, board: dict[str, str], picture: Path
) -> None:
    context = browser.new_context(**{**browser_context_args, **PHONE}, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{walking_site.address}{board['grid']}/report")
    page.set_input_files("input[type=file]", picture)
    wait_like_people(page)

    page.tap(".tile >> nth=2")
    page.tap(".door-send button")

    assert len(page.locator(".door-code").inner_text()) == 14
    code = page.locator(".door-code").inner_text()
    page.goto(f"{walking_site.address}/q")
    page.fill("input[name=code]", code.lower())
    page.press("input[name=code]", "Enter")
    assert page.locator(".door-code").inner_text() == code
    context.close()


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", [390, 1440])
def test_residents_pages_can_be_read_pressed_and_heard(
    page: Page, walking_site: Site, board: dict[str, str], language: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"{walking_site.address}/q")
    if language == "en":
        page.click("button[value=en]")
    wrong = look(page, "ask")
    for kind, address in board.items():
        page.goto(walking_site.address + address)
        wrong += look(page, kind)
        page.goto(f"{walking_site.address}{address}/report")
        page.evaluate("() => document.querySelectorAll('main details').forEach((one) => { one.open = true; })")
        wrong += look(page, f"{kind} form")
    wait_like_people(page)
    page.click(".door-send button")
    wrong += look(page, "refused")
    wait_like_people(page)
    page.fill("textarea", "路灯不亮")
    page.click(".door-send button")
    page.wait_for_selector(".door-code")

    wrong += look(page, "told")
    settle(walking_site)
    page.reload()
    wrong += look(page, "to be rated")
    page.check("input[name=rating][value='4']")
    page.click("form button.big")
    page.wait_for_selector(".notice.good")
    wrong += look(page, "rated")

    assert "\n".join(wrong) == ""


def settle(site: Site) -> None:
    """The office answers what was told last, and settles it."""
    engine = open_engine(f"sqlite:///{site.file}")
    with open_session(engine, writing=True) as session:
        row = session.scalars(select(Incident).order_by(Incident.id.desc()).limit(1)).one()
        for kind in (StepKind.REPLY, StepKind.SETTLE_ON_THE_SPOT, StepKind.CLOSE):
            incidents.step(session, row, kind, by=None, at=datetime.now(UTC), note="已修好。")
        session.commit()
    engine.dispose()


def look(page: Page, state: str) -> list[str]:
    page.wait_for_load_state("networkidle")
    heard = faults(page)
    # What stands around every page is looked at elsewhere.
    page.evaluate("() => document.querySelectorAll('.skip, header, footer, .simulated').forEach((one) => one.remove())")
    return [f"{state}: {one}" for one in (*heard, *too_small(page, letters_px=16, target_px=44))]
