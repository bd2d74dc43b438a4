"""Every state of the volunteers' page as somebody sees it who is seventy, stands in the sun, or listens to it."""

import pytest
from looked_at import STRICT, faults, too_small
from playwright.sync_api import expect
from served import Watch
from walked_phone import PHONE, Volunteer, along, forget_offline, photo

pytestmark = pytest.mark.browser_context_args(**PHONE)

LANGUAGES = {"zh": "zh-CN", "en": "en"}


class Look:
    """Looks at one state after the other, and collects what is wrong with them."""

    def __init__(self, volunteer: Volunteer) -> None:
        self.volunteer, self.seen, self.wrong = volunteer, set[str](), list[str]()

    def at(self, state: str) -> None:
        self.volunteer.is_at(state)
        page = self.volunteer.page
        self.seen.add(state)
        self.wrong += [f"{state}: {fault}" for fault in (*faults(page, STRICT), *too_small(page))]

    def press(self, act: str, state: str) -> None:
        self.volunteer.press(act)
        self.at(state)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_state_can_be_read_pressed_and_heard(volunteer: Volunteer, watch: Watch, language: str) -> None:
    look, page = Look(volunteer), volunteer.page
    page.goto(f"{volunteer.site.address}/sign-in")
    if language == "en":
        page.click("button[value=en]")
    volunteer.open()
    assert page.locator("html").get_attribute("lang") == LANGUAGES[language]

    look.at("nobody")
    volunteer.enrol()
    if page.locator("body[data-at=ready]").count():
        volunteer.press("privacy")
        volunteer.press("withdraw")
        look.at("privacy")
        page.click("dialog button[value=yes]")
    look.at("asked")
    volunteer.press("agree")
    look.at("ready")
    volunteer.all_sent()
    volunteer.start()
    volunteer.play(along(volunteer.street(), 8, 6))
    look.at("walking")
    look.press("pocket", "pocket")
    page.locator("[data-part=hold]").press("Enter")
    look.press("check_in", "check_in")
    volunteer.press("back")
    look.press("check_list", "check_list")
    volunteer.press("back")
    look.press("report", "report")
    volunteer.press("more-tiles")
    look.at("report")
    volunteer.press("back")
    volunteer.context.set_offline(True)
    volunteer.report("looked at", photo((100, 100, 10), (300, 300)))
    look.at("told")
    volunteer.press("back")
    look.press("unsent", "unsent")
    volunteer.context.set_offline(False)
    volunteer.press("send")
    volunteer.all_sent()
    look.at("unsent")
    volunteer.press("back")
    look.press("end", "ending")
    look.press("stop", "over")
    volunteer.press("back")
    look.at("ready")
    look.press("draw", "drawn")
    volunteer.press("back")
    look.press("type", "paper")
    volunteer.press("back")
    volunteer.press("members")
    page.click("summary:visible")
    look.at("members")
    volunteer.press("back")
    look.press("privacy", "privacy")
    volunteer.all_sent()

    assert look.wrong == []
    told = "() => [...document.querySelectorAll('section[data-state]')].map((one) => one.dataset.state)"
    assert look.seen == set(page.evaluate(told)) - {"loading"}
    forget_offline(watch)


def test_the_heading_of_each_state_is_read_when_it_comes(volunteer: Volunteer) -> None:
    volunteer.begin()
    volunteer.press("privacy")
    expect(volunteer.page.locator("section[data-state=privacy] h1")).to_be_focused()

    volunteer.page.go_back()

    volunteer.is_at("ready")
    expect(volunteer.page.locator("section[data-state=ready] h1")).to_be_focused()


def test_the_big_button_is_under_the_thumb_however_much_stands_above_it(volunteer: Volunteer) -> None:
    volunteer.begin()
    for number in range(3):
        volunteer.report(f"number {number}", photo((number, 1, 1), (200, 200)))
        volunteer.press("back")
    volunteer.all_sent()
    box = volunteer.page.locator("[data-act=start]").bounding_box()

    assert box is not None
    assert box["height"] > 844 / 4
    assert box["width"] > 390 * 0.8
    assert 844 - 40 <= box["y"] + box["height"] <= 844
