"""The volunteers' page in a real browser: what happens out there arrives, all of it, once."""

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from drawn_on import forgive
from PIL import Image
from playwright.sync_api import BrowserContext, Page, Route, expect
from served import AT, Site, Watch
from walked_phone import PHONE, Volunteer, along, photo, rows

pytestmark = pytest.mark.browser_context_args(**PHONE)

FIXES = 600
STEP_M = 1.2
COLOURS = [(200, 30, 30), (30, 160, 60), (30, 60, 200)]


@pytest.fixture(scope="module")
def town_site(serve: Callable[..., Site], tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A sample town on today's clock: phones keep their own time."""
    return serve(tmp_path_factory.mktemp("walking") / "town.sqlite", lambda: max(datetime.now(UTC), AT))


@pytest.fixture
def volunteer(watch: Watch, context: BrowserContext, page: Page, town_site: Site) -> Volunteer:
    return Volunteer(context, page, town_site)


def sent_of(site: Site, walk: str) -> list[tuple[int, int, int]]:
    """The fixes that the server has between the start and the stop of a walk, in the order of time."""
    return rows(
        site,
        "SELECT at_ms, lon_e6, lat_e6 FROM phone_fix JOIN walk USING (device_id) "
        "WHERE key = ? AND at_ms BETWEEN started_ms AND coalesce(ended_ms, at_ms) ORDER BY at_ms",
        walk,
    )


def test_ten_minutes_without_a_signal_a_reload_and_a_crash_arrive_once(
    volunteer: Volunteer, watch: Watch, town_site: Site, tmp_path: Path
) -> None:
    volunteer.begin()
    volunteer.start()
    walk = volunteer.page.evaluate("() => gridpatrol.phone.walk.id")
    volunteer.all_sent()
    volunteer.context.set_offline(True)
    places = along(volunteer.street(), STEP_M, FIXES)
    third = FIXES // 3

    for number, colour in enumerate(COLOURS):
        volunteer.play(places[number * third : (number + 1) * third])
        volunteer.report(f"found {number}", photo(colour))
        volunteer.press("back")
        if number == 0:
            volunteer.reload()
            volunteer.is_at("walking")
    volunteer.crash()
    volunteer.open()
    volunteer.is_at("walking")
    kept = volunteer.waiting()
    volunteer.context.set_offline(False)
    volunteer.all_sent()
    volunteer.stop()
    volunteer.all_sent()

    # The phone says where it is once more when the page is opened again: those fixes are its own, too.
    made = [(row["at"], round(row["lon"] * 1e6), round(row["lat"] * 1e6)) for row in kept["fixes"]]
    assert len(made) >= FIXES
    assert len(set(made)) == len(made)
    played = {(round(lon * 1e6), round(lat * 1e6)) for lon, lat in places}
    assert played <= {(lon, lat) for _, lon, lat in made}
    assert set(made) <= set(sent_of(town_site, walk))
    assert len(sent_of(town_site, walk)) - len(made) <= 4
    found = "SELECT description, count(*) FROM incident WHERE description LIKE 'found _' GROUP BY 1 ORDER BY 1"
    assert rows(town_site, found) == [("found 0", 1), ("found 1", 1), ("found 2", 1)]
    photos = "SELECT description, width, height, file FROM photo JOIN incident ON incident.id = incident_id ORDER BY 1"
    assert [row[:3] for row in rows(town_site, photos)] == [(f"found {n}", 1600, 1200) for n in range(3)]
    assert len({row[3] for row in rows(town_site, photos)}) == 3
    kinds = "SELECT kind, count(*) FROM walk_thing GROUP BY kind ORDER BY kind"
    assert rows(town_site, kinds) == [("consent", 1), ("report", 3), ("start", 1), ("stop", 1)]
    assert rows(town_site, "SELECT count(*) FROM walk WHERE ended_by = 'person'") == [(1,)]
    forgive(watch, "ERR_INTERNET_DISCONNECTED")
