"""The editor when things happen around it: others draw too, the line breaks, names are hostile, somebody prints."""

from drawn_on import EVIL, Desk, forgive, opened
from playwright.sync_api import BrowserContext, expect
from served import Watch


def test_two_people_who_draw_in_different_places_both_keep_their_work(desk: Desk, other: Desk) -> None:
    (stays, goes), (kept, lost) = desk.neighbours()[:2]
    other.merge(stays, goes)

    desk.merge(kept, lost)

    assert not {goes, lost} & set(desk.stored())
    assert desk.households() == desk.stored()
    expect(desk.page.locator("[data-part=news]")).to_contain_text(stays[-3:])
    other.page.evaluate("() => gridpatrol.drawing.draft.sync()")
    assert other.households() == desk.stored()


def test_who_is_too_late_sees_what_happened_and_does_it_again(desk: Desk, other: Desk, watch: Watch) -> None:
    stays, goes = desk.neighbours()[0]
    desk.take("paint")
    block = desk.blocks(goes)[0]
    other.page.evaluate("([code, name]) => gridpatrol.drawing.edit('rename', { code, name }, {})", [goes, "改过名"])
    other.settle()
    before = other.stored()

    desk.page.evaluate("(code) => gridpatrol.drawing.pick(code)", stays)
    desk.tap(desk.block(block))
    again = desk.page.locator("[data-part=news] button").first
    again.wait_for()

    assert desk.stored() == before
    expect(desk.page.locator("[data-part=news]")).to_contain_text(goes[-3:])
    expect(desk.page.locator("[data-part=status]")).to_have_class("draw-status wait")
    again.click()
    desk.settle()
    assert desk.stored()[stays] > before[stays]
    assert desk.households() == desk.stored()
    forgive(watch, "412")


def test_a_change_that_was_refused_outlives_the_window(desk: Desk, other: Desk) -> None:
    stays, goes = desk.neighbours()[0]
    desk.merge(stays, goes)
    desk.page.keyboard.press("Control+z")
    desk.settle()
    desk.merge(stays, goes)
    late = "([code, name]) => gridpatrol.drawing.edit('rename', { code, name }, {})"

    other.page.evaluate(late, [goes, "不会丢"])
    other.page.locator("[data-part=news] button").first.wait_for()
    other.page.reload()
    reopened = opened(other.page)

    expect(reopened.page.locator("[data-part=news] button")).to_have_count(2)
    reopened.page.locator("[data-part=news] button").last.click()
    expect(reopened.page.locator("[data-part=news]")).to_be_empty()
    reopened.page.reload()
    expect(opened(reopened.page).page.locator("[data-part=news]")).to_be_empty()


def test_a_broken_line_loses_nothing(desk: Desk, context: BrowserContext, watch: Watch) -> None:
    stays, goes = desk.neighbours()[0]
    before = desk.stored()
    context.set_offline(True)

    desk.take("merge")
    desk.tap(desk.spot(stays))
    desk.tap(desk.spot(goes))
    expect(desk.page.locator("[data-part=status]")).to_have_class("draw-status bad")

    assert goes in desk.households()
    context.set_offline(False)
    desk.settle()
    assert desk.stored()[stays] == before[stays] + before[goes]
    forgive(watch, "ERR_INTERNET_DISCONNECTED")


def test_what_cannot_be_done_is_said_and_leaves_everything(desk: Desk, watch: Watch) -> None:
    before, (x, y) = desk.households(), desk.spot(desk.fullest())
    desk.take("cut")
    desk.page.uncheck("[data-snap]")

    desk.tap((x, y))
    desk.tap((x + 12, y + 12))
    desk.page.keyboard.press("Enter")

    expect(desk.page.locator("[data-part=news] .bad p")).not_to_be_empty()
    assert desk.households() == before == desk.stored()
    forgive(watch, "422")


def test_hostile_names_do_nothing_anywhere_on_the_page(desk: Desk) -> None:
    one, other = desk.neighbours()[0]
    desk.page.fill("[data-filter]", one)
    desk.page.click(f"tr[data-code='{one}']")
    desk.page.fill("[data-name]", EVIL)
    desk.page.press("[data-name]", "Enter")
    desk.settle()
    desk.page.fill("[data-filter]", "")
    desk.merge(one, other)
    desk.page.reload()
    opened(desk.page)

    desk.page.fill("[data-filter]", "${alert")
    expect(desk.page.locator("tr[data-code] .name")).to_have_text(EVIL)
    desk.page.mouse.move(*desk.spot(one))
    expect(desk.page.locator("[data-part=readout]")).to_contain_text("${alert(1)}")
    desk.page.click("[data-tab=history]")
    desk.page.click("[data-tab=flaws]")
    desk.page.click("[data-do=sheet]")
    expect(desk.page.locator("[data-part=legend]")).to_contain_text("${alert(1)}")
    expect(desk.page.locator(".draw img, .draw script")).to_have_count(0)


def test_flaws_are_counted_shown_and_accepted_with_a_reason(desk: Desk) -> None:
    (stays, goes), (kept, lost) = desk.neighbours()[:2]
    desk.merge(stays, goes)
    desk.merge(kept, lost)
    flaws = desk.page.evaluate("() => gridpatrol.drawing.draft.flaws.filter((flaw) => !flaw.accepted).length")
    assert flaws > 0
    expect(desk.page.locator("[data-part=count]")).to_contain_text(str(flaws))

    desk.page.click("[data-part=count]")
    first = desk.page.locator("[data-part=flaws] li.chosen")
    key = first.get_attribute("data-flaw")
    first.locator("form input").fill("老旧小区，户数先不动")
    first.locator("form button").click()

    expect(desk.page.locator("[data-part=flaws] li.accepted")).to_contain_text("老旧小区")
    expect(desk.page.locator(f"[data-flaw='{key}']")).to_have_count(0)
    desk.page.reload()
    told = "() => gridpatrol.drawing.draft.flaws.find((flaw) => flaw.accepted).accepted"
    assert opened(desk.page).page.evaluate(told) == "老旧小区，户数先不动"


def test_the_printed_sheet_names_every_grid_and_has_its_scale(desk: Desk) -> None:
    desk.page.click("[data-do=sheet]")

    expect(desk.page.locator("[data-part=legend] li")).to_have_count(len(desk.households()))
    expect(desk.page.locator(".leaflet-control-scale-line")).to_be_visible()
    expect(desk.page.locator(".draw-north")).to_be_visible()
    expect(desk.page.locator(".draw-tools")).to_be_hidden()
    assert len(desk.page.pdf(prefer_css_page_size=True)) > 10_000
    desk.page.keyboard.press("Escape")
    expect(desk.page.locator(".draw-tools")).to_be_visible()
