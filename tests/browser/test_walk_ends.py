"""A walk ends by itself, after a warning, when it was forgotten or left its community; consent can be taken back."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from served import AT, Site, Watch
from walked_phone import PHONE, Volunteer, forget_offline, rows, set_rules

pytestmark = pytest.mark.browser_context_args(**PHONE)


@pytest.fixture
def hasty(serve: Callable[..., Site], tmp_path: Path, watch: Watch, context: BrowserContext, page: Page) -> Volunteer:
    """A volunteer of a community whose walks may leave it for four seconds, and last for twelve."""
    site = serve(tmp_path / "town.sqlite", lambda: max(datetime.now(UTC), AT))
    set_rules(site, leave_s=4.0, longest_walk_s=12.0)
    return Volunteer(context, page, site)


def test_a_walk_that_leaves_its_community_is_warned_then_ends_at_the_moment_it_left(hasty: Volunteer) -> None:
    hasty.begin()
    hasty.start()
    hasty.play(hasty.street()[:1])
    left = hasty.page.evaluate("() => gridpatrol.phone.walk.last.at")
    warning = hasty.page.locator("[data-said=loud]")

    for step in range(200):
        hasty.context.set_geolocation({"longitude": 116.50 + step * 1e-5, "latitude": 40.2, "accuracy": 6.0})
        hasty.page.wait_for_timeout(200)
        if hasty.page.locator("body[data-at=walking]").count():
            continue
        break

    hasty.is_at("over")
    expect(warning).not_to_be_empty()
    hasty.all_sent()
    ((why, ended),) = rows(hasty.site, "SELECT ended_by, ended_ms FROM walk")
    assert (why, ended) == ("outside", left)


def test_a_forgotten_walk_is_warned_then_ends_after_the_longest_time(hasty: Volunteer) -> None:
    hasty.begin()
    hasty.start()
    expect(hasty.page.locator("[data-said=loud]")).not_to_be_empty()
    hasty.is_at("walking")

    expect(hasty.page.locator("body[data-at=over]")).to_be_attached(timeout=20_000)

    hasty.all_sent()
    ((why, lasted),) = rows(hasty.site, "SELECT ended_by, ended_ms - started_ms FROM walk")
    assert why == "longest"
    assert lasted == pytest.approx(12_000, abs=1500)


def test_a_phone_that_died_on_the_way_ends_the_walk_at_its_last_fix(hasty: Volunteer) -> None:
    hasty.begin()
    hasty.start()
    hasty.play(hasty.street()[:2])
    last = hasty.page.evaluate("() => gridpatrol.phone.walk.last.at")
    hasty.crash()
    hasty.page.wait_for_timeout(13_000)

    hasty.open()

    hasty.is_at("over")
    hasty.all_sent()
    assert rows(hasty.site, "SELECT ended_by, ended_ms FROM walk") == [("longest", last)]


def test_whoever_takes_the_consent_back_is_asked_again_before_the_next_walk(
    volunteer: Volunteer, watch: Watch, walking_site: Site
) -> None:
    volunteer.begin()
    volunteer.context.set_offline(True)
    volunteer.press("privacy")
    volunteer.press("withdraw")
    volunteer.page.click("dialog button[value=yes]")
    volunteer.is_at("asked")
    volunteer.reload()
    volunteer.is_at("asked")
    expect(volunteer.page.locator("section[data-state=asked] [data-part=terms]")).to_contain_text(
        "巡逻期间记录我的位置"
    )

    volunteer.press("agree")
    volunteer.is_at("ready")
    volunteer.context.set_offline(False)
    volunteer.all_sent()

    kinds = "SELECT kind FROM walk_thing WHERE kind IN ('withdraw', 'consent') ORDER BY at DESC LIMIT 2"
    assert rows(walking_site, kinds) == [("consent",), ("withdraw",)]
    forget_offline(watch)
