"""The volunteers' page in a real browser: what happens out there arrives, all of it, once."""

import io
import json
from pathlib import Path

import pytest
from drawn_on import forgive
from PIL import Image
from playwright.sync_api import Route, expect
from served import Site, Watch
from walked_phone import PHONE, Volunteer, along, forget_offline, photo, rows

pytestmark = pytest.mark.browser_context_args(**PHONE)

FIXES = 600
STEP_M = 1.2
COLOURS = [(200, 30, 30), (30, 160, 60), (30, 60, 200)]


def sent_of(site: Site, walk: str) -> list[tuple[int, int, int]]:
    """The fixes that the server has between the start and the stop of a walk, in the order of time."""
    return rows(
        site,
        "SELECT at_ms, lon_e6, lat_e6 FROM phone_fix JOIN walk USING (device_id) "
        "WHERE key = :walk AND at_ms BETWEEN started_ms AND coalesce(ended_ms, at_ms) ORDER BY at_ms",
        walk=walk,
    )


def test_ten_minutes_without_a_signal_a_reload_and_a_crash_arrive_once(
    volunteer: Volunteer, watch: Watch, walking_site: Site
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
    assert set(made) <= set(sent_of(walking_site, walk))
    assert len(sent_of(walking_site, walk)) - len(made) <= 4
    found = "SELECT description, count(*) FROM incident WHERE description LIKE 'found _' GROUP BY 1 ORDER BY 1"
    assert rows(walking_site, found) == [("found 0", 1), ("found 1", 1), ("found 2", 1)]
    photos = (
        "SELECT description, width, height, file FROM photo JOIN incident ON incident.id = incident_id "
        "WHERE description LIKE 'found _' ORDER BY 1"
    )
    assert [row[:3] for row in rows(walking_site, photos)] == [(f"found {n}", 1600, 1200) for n in range(3)]
    assert len({row[3] for row in rows(walking_site, photos)}) == 3
    kinds = (
        "SELECT kind, count(*) FROM walk_thing JOIN walk USING (device_id) WHERE walk.key = :walk GROUP BY 1 ORDER BY 1"
    )
    assert rows(walking_site, kinds, walk=walk)[-3:] == [("report", 3), ("start", 1), ("stop", 1)]
    assert rows(walking_site, "SELECT ended_by FROM walk WHERE key = :walk", walk=walk) == [("person",)]
    forget_offline(watch)


def test_a_photo_keeps_nothing_but_its_picture(volunteer: Volunteer) -> None:
    volunteer.begin()
    volunteer.press("report")
    volunteer.page.set_input_files(
        "form[data-form=report] input[type=file]",
        [{"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photo((90, 90, 90), (900, 3200))}],
    )
    expect(volunteer.page.locator(".photos img")).to_have_count(1)
    told = """async () => {
      const [one] = (await gridpatrol.phone.queue.note("report")).photos;
      return [...new Uint8Array(one.bytes)];
    }"""
    shrunk = Image.open(io.BytesIO(bytes(volunteer.page.evaluate(told))))
    assert (shrunk.format, shrunk.size, dict(shrunk.getexif())) == ("JPEG", (450, 1600), {})


def test_a_half_written_report_outlives_its_page(volunteer: Volunteer) -> None:
    volunteer.begin()
    volunteer.press("report")
    volunteer.page.set_input_files(
        "form[data-form=report] input[type=file]",
        [{"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photo((9, 90, 90), (300, 200))}],
    )
    expect(volunteer.page.locator(".photos img")).to_have_count(1)
    volunteer.page.fill("form[data-form=report] [name=find]", "jg")
    volunteer.page.click(".tiles button")
    volunteer.page.fill("form[data-form=report] [name=words]", "half a sentence")
    told = "async () => (await gridpatrol.phone.queue.note('report'))?.words"
    volunteer.until(lambda: volunteer.page.evaluate(told) == "half a sentence")

    volunteer.reload()

    volunteer.is_at("report")
    expect(volunteer.page.locator("form[data-form=report] [name=words]")).to_have_value("half a sentence")
    expect(volunteer.page.locator(".photos img")).to_have_count(1)
    expect(volunteer.page.locator(".tiles [aria-pressed=true]")).to_have_count(1)


def test_an_answer_that_is_lost_on_its_way_makes_nothing_twice(
    volunteer: Volunteer, watch: Watch, walking_site: Site
) -> None:
    volunteer.begin()
    lost: list[str] = []

    def lose(route: Route) -> None:
        if route.request.url in lost:
            route.continue_()
            return
        lost.append(route.request.url)
        route.fetch()
        route.abort()

    volunteer.context.route(lambda address: "/walk/things" in address or "/walk/photos/" in address, lose)
    volunteer.report("told twice", photo((1, 2, 3), (200, 200)))
    volunteer.until(lambda: len(lost) == 1)
    volunteer.press("back")
    volunteer.press("unsent")
    volunteer.press("send")
    volunteer.until(lambda: len(lost) == 2)
    volunteer.press("send")
    volunteer.all_sent()

    assert rows(walking_site, "SELECT count(*) FROM incident WHERE description = 'told twice'") == [(1,)]
    found = "SELECT count(*) FROM photo JOIN incident ON incident.id = incident_id WHERE description = 'told twice'"
    assert rows(walking_site, found) == [(1,)]
    forgive(watch, "ERR_FAILED")


def test_a_report_is_answered_with_its_number_that_is_read_out(volunteer: Volunteer, walking_site: Site) -> None:
    volunteer.begin()
    volunteer.report("a number is wanted", photo((1, 2, 30), (200, 200)))
    volunteer.all_sent()
    ((number,),) = rows(walking_site, "SELECT number FROM incident WHERE description = 'a number is wanted'")

    expect(volunteer.page.locator("[data-part=told-number]")).to_contain_text(number)
    expect(volunteer.page.locator("[data-said=polite]")).to_contain_text(number)
    volunteer.press("back")
    expect(volunteer.page.locator("[data-part=mine]")).to_contain_text(number)


def test_what_waits_is_sent_after_signing_out(volunteer: Volunteer, watch: Watch, walking_site: Site) -> None:
    volunteer.begin()
    volunteer.context.set_offline(True)
    volunteer.report("after signing out", photo((5, 5, 5), (200, 200)))
    volunteer.context.clear_cookies()
    volunteer.reload()
    assert volunteer.unsent() == 2

    volunteer.context.set_offline(False)
    volunteer.all_sent()

    assert rows(walking_site, "SELECT count(*) FROM incident WHERE description = 'after signing out'") == [(1,)]
    forget_offline(watch)


def test_what_is_refused_is_kept_with_its_reason_until_it_is_thrown_away(volunteer: Volunteer) -> None:
    volunteer.begin()
    volunteer.start()
    volunteer.press("check_in")
    volunteer.page.fill("[name=code]", "no such code")
    volunteer.page.click("form[data-form=code] button")
    volunteer.is_at("walking")
    refused = "async () => (await gridpatrol.phone.queue.all('things')).filter((row) => row.refused).length"
    volunteer.until(lambda: volunteer.page.evaluate(refused) == 1)

    volunteer.press("unsent")
    row = volunteer.page.locator("[data-part=unsent-rows] li")
    expect(row).to_have_count(1)
    expect(row.locator(".wrong")).to_contain_text("N0SUCHC0DE")
    volunteer.press("back")
    volunteer.reload()
    volunteer.press("unsent")
    row.locator("button").last.click()
    volunteer.page.click("dialog button[value=yes]")
    expect(row).to_have_count(0)
    assert volunteer.waiting()["things"] == []
    volunteer.press("back")
    volunteer.stop()


def test_everything_unsent_can_be_taken_away_as_a_file(volunteer: Volunteer, watch: Watch, tmp_path: Path) -> None:
    volunteer.begin()
    volunteer.start()
    volunteer.all_sent()
    volunteer.context.set_offline(True)
    volunteer.play(along(volunteer.street(), 5, 7))
    volunteer.report("in a file", photo((7, 7, 7), (200, 200)))
    volunteer.press("back")
    volunteer.press("unsent")

    with volunteer.page.expect_download() as loading:
        volunteer.press("export")
    loading.value.save_as(tmp_path / "file.json")
    told = json.loads((tmp_path / "file.json").read_text("utf-8"))

    assert [row["thing"]["words"] for row in told["things"]] == ["in a file"]
    assert len(told["fixes"]) >= 7
    assert len(told["photos"]) == 1
    assert "token" not in json.dumps(told)
    volunteer.context.set_offline(False)
    volunteer.all_sent()
    volunteer.press("back")
    volunteer.stop()
    volunteer.all_sent()
    forget_offline(watch)


def test_of_two_windows_one_records_and_the_other_takes_over(volunteer: Volunteer, walking_site: Site) -> None:
    volunteer.begin()
    volunteer.start()
    first = volunteer.page
    second = Volunteer(volunteer.context, volunteer.context.new_page(), walking_site)
    second.open()
    second.is_at("walking")
    walk = first.evaluate("() => gridpatrol.phone.walk.id")
    places = along(volunteer.street(), 5, 20)
    volunteer.play(places[:10])
    assert second.page.evaluate("() => gridpatrol.phone.walk.fixes") <= 2
    # So many fixes within a moment are written down one after the other.
    volunteer.until(lambda: volunteer.waiting()["walks"][-1]["fixes"] > 10)

    first.close()
    second.page.bring_to_front()
    heard = "() => gridpatrol.phone.walk.fixes"
    second.until(lambda: second.page.evaluate(heard) > 10)
    second.play(places[10:])
    second.stop()
    second.all_sent()

    sent = sent_of(walking_site, walk)
    assert {(lon, lat) for _, lon, lat in sent} >= {(round(lon * 1e6), round(lat * 1e6)) for lon, lat in places}
    assert len({at for at, _, _ in sent}) == len(sent)


def test_what_waits_is_sent_when_the_browser_wakes_the_worker_and_no_page_is_open(
    volunteer: Volunteer, watch: Watch, walking_site: Site
) -> None:
    volunteer.begin()
    volunteer.context.set_offline(True)
    volunteer.report("with the page closed", photo((5, 50, 5), (200, 200)))
    volunteer.page.close()
    volunteer.context.set_offline(False)
    elsewhere = volunteer.context.new_page()
    elsewhere.goto(f"{walking_site.address}/sign-in")
    registered: list[dict[str, str]] = []
    browser = volunteer.context.new_cdp_session(elsewhere)
    browser.on("ServiceWorker.workerRegistrationUpdated", lambda told: registered.extend(told["registrations"]))
    browser.send("ServiceWorker.enable")
    volunteer.page = elsewhere
    volunteer.until(lambda: bool(registered))

    woken = {"registrationId": registered[0]["registrationId"], "tag": "send", "lastChance": False}
    browser.send("ServiceWorker.dispatchSyncEvent", {"origin": walking_site.address, **woken})

    arrived = "SELECT count(*) FROM incident JOIN photo ON incident.id = incident_id WHERE description = :words"
    volunteer.until(lambda: rows(walking_site, arrived, words="with the page closed") == [(1,)])
    forget_offline(watch)
