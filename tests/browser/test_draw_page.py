"""The editor in a real browser: grids are painted, cut, merged, moved and taken back, by mouse and by keyboard."""

import pytest
from drawn_on import Desk, opened
from playwright.sync_api import expect

FREE = """() => {
  const { map, draft, page } = gridpatrol.drawing;
  const box = gridpatrol.drawing.box(draft.grids.keys());
  const frame = map.getContainer().getBoundingClientRect();
  const [top, hint, foot] = [".draw-top", ".draw-hint", ".draw-foot"]
    .map((name) => page.querySelector(name).getBoundingClientRect());
  const floor = hint.height ? hint.top : foot.top;
  const [low, high] = [map.latLngToContainerPoint(box.getSouthWest()), map.latLngToContainerPoint(box.getNorthEast())];
  return low.x >= 0 && high.x <= frame.width && frame.top + high.y >= top.bottom && frame.top + low.y <= floor;
}"""
"""Whether the whole town lies on the map where nothing covers it."""

KEY_PX = 40
"""How far one press of an arrow key moves the map."""


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1366, 768), (1024, 768), (390, 844)])
def test_the_draft_shows_whole_and_nothing_sticks_out(desk: Desk, width: int, height: int) -> None:
    desk.page.set_viewport_size({"width": width, "height": height})
    desk.page.reload()
    opened(desk.page)

    assert desk.page.evaluate("document.documentElement.scrollWidth") <= width
    assert desk.page.evaluate("document.documentElement.scrollHeight") <= height
    assert desk.households() == desk.stored()
    assert len(desk.households()) >= 20
    assert desk.page.evaluate(FREE)


def test_a_tapped_block_goes_to_the_chosen_grid_and_stays_there(desk: Desk) -> None:
    grows, shrinks = desk.neighbours()[0]
    desk.take("paint")
    before, block = desk.households(), desk.blocks(shrinks)[0]
    desk.tap(desk.spot(grows))

    desk.tap(desk.block(block))
    desk.settle()

    after = desk.households()
    moved = after[grows] - before[grows]
    assert moved > 0
    assert after[shrinks] == before[shrinks] - moved
    assert desk.stored() == after
    expect(desk.page.locator("[data-part=status]")).to_have_class("draw-status good")
    desk.page.reload()
    assert opened(desk.page).households() == after


def test_a_stroke_paints_every_block_under_it_in_one_step(desk: Desk) -> None:
    grows, shrinks = desk.neighbours()[0]
    desk.take("paint")
    before = desk.households()
    desk.tap(desk.spot(grows))
    one, two = (desk.block(number) for number in desk.blocks(shrinks)[:2])

    desk.page.mouse.move(*one)
    desk.page.mouse.down()
    desk.page.mouse.move(*two, steps=3)
    forecast = desk.page.locator("[data-part=readout]").text_content() or ""
    desk.page.mouse.up()
    desk.settle()

    after = desk.households()
    assert after[grows] > before[grows]
    assert str(after[grows]) in forecast
    desk.page.keyboard.press("Control+z")
    desk.settle()
    assert desk.households() == before == desk.stored()


def test_a_new_grid_begins_with_the_next_blocks(desk: Desk) -> None:
    before = desk.households()
    desk.take("paint")
    block = desk.block(desk.blocks(desk.fullest())[0])

    desk.page.keyboard.press("n")
    desk.tap(block)
    desk.settle()

    after = desk.households()
    (new,) = set(after) - set(before)
    assert after[new] > 0
    expect(desk.page.locator(".draw-card [data-code]")).to_have_text(new)


def test_a_grid_is_cut_along_a_line_and_merged_again(desk: Desk) -> None:
    before = desk.households()
    whole = desk.fullest()
    corners = desk.corners(whole)
    west, east = min(one["x"] for one in corners), max(one["x"] for one in corners)
    middle = (min(one["y"] for one in corners) + max(one["y"] for one in corners)) / 2

    desk.take("cut")
    desk.tap((west - 20, middle))
    desk.tap((east + 20, middle))
    desk.page.keyboard.press("Enter")
    desk.settle()

    after = desk.households()
    (new,) = set(after) - set(before)
    assert after[new] + after[whole] == before[whole]
    desk.merge(whole, new)
    assert desk.households() == before


def test_undo_and_redo_go_back_and_forth_without_end(desk: Desk) -> None:
    seen = [desk.households()]
    for stays, goes in desk.neighbours()[:3]:
        desk.merge(stays, goes)
        seen.append(desk.households())

    for state in reversed(seen[:-1]):
        desk.page.keyboard.press("Control+z")
        desk.settle()
        assert desk.households() == state
    expect(desk.page.locator("[data-do=undo]")).to_be_disabled()
    for state in seen[1:]:
        desk.page.click("[data-do=redo]")
        desk.settle()
        assert desk.households() == state == desk.stored()


def test_a_shared_corner_moves_once_for_both_sides(desk: Desk) -> None:
    one, other = desk.neighbours()[0]
    desk.look(one)
    corner = desk.run(one, other)[1]
    desk.take("vertex")
    desk.page.uncheck("[data-snap]")

    desk.page.mouse.move(corner["x"], corner["y"])
    desk.page.mouse.down()
    desk.page.mouse.move(corner["x"] + 9, corner["y"] + 8, steps=4)
    desk.page.mouse.up()
    desk.settle()

    expect(desk.page.locator("[data-do=undo]")).to_be_enabled()
    far = [(abs(at["x"] - corner["x"] - 9) + abs(at["y"] - corner["y"] - 8), at) for at in desk.corners(one)]
    nearest, moved = min(far, key=lambda found: found[0])
    assert nearest < 1.5
    assert set(moved["grids"]) == {one, other}


def test_a_border_takes_the_course_that_is_drawn(desk: Desk) -> None:
    one, other = desk.neighbours()[0]
    desk.look(one)
    begin, _, _, end = desk.run(one, other)
    inside = desk.spot(one)
    bend = tuple(0.85 * (begin[axis] + end[axis]) / 2 + 0.15 * inside[i] for i, axis in enumerate("xy"))
    desk.take("reshape")
    desk.page.uncheck("[data-snap]")

    desk.tap((begin["x"], begin["y"]))
    desk.tap(bend)
    desk.tap((end["x"], end["y"]))
    desk.page.keyboard.press("Enter")
    desk.settle()

    on_it = [at for at in desk.corners(one) if abs(at["x"] - bend[0]) + abs(at["y"] - bend[1]) < 2]
    assert [set(at["grids"]) for at in on_it] == [{one, other}]
    desk.page.click("[data-tab=history]")
    told = desk.page.locator("[data-part=history] li").first
    expect(told).to_contain_text(one[-3:])
    expect(told).to_contain_text(other[-3:])


def test_a_special_grid_lies_over_the_others(desk: Desk) -> None:
    before = desk.households()
    x, y = desk.spot(desk.fullest())
    desk.take("special")
    desk.page.fill("[data-special-name]", "第二中学")

    for place in ((x - 25, y - 30), (x + 30, y - 30), (x + 30, y + 35), (x - 25, y + 35)):
        desk.tap(place)
    desk.page.click("[data-do=finish]")
    desk.settle()

    after = desk.households()
    (new,) = set(after) - set(before)
    assert {code: after[code] for code in before} == before
    desk.page.fill("[data-filter]", "第二")
    expect(desk.page.locator("tr[data-code]")).to_have_count(1)
    expect(desk.page.locator(f"tr[data-code='{new}'] .name")).to_have_text("第二中学")


def test_everything_can_be_done_with_the_keyboard_alone(desk: Desk) -> None:
    page, before = desk.page, desk.households()
    stays, goes = desk.neighbours()[0]
    page.focus("[data-scroller]")
    for _ in range(sorted(before).index(stays) + 1):
        page.keyboard.press("ArrowDown")
    expect(page.locator(".draw-card [data-code]")).to_have_text(stays)
    page.keyboard.press("4")
    page.focus(".draw-map")
    for _ in range(2):
        page.keyboard.press("+")
        page.wait_for_timeout(700)
    frame = page.locator(".draw-map").bounding_box()
    assert frame is not None
    middle = (frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2)
    for axis, keys in ((0, ("ArrowLeft", "ArrowRight")), (1, ("ArrowUp", "ArrowDown"))):
        for _ in range(round(abs(desk.spot(goes)[axis] - middle[axis]) / KEY_PX)):
            page.keyboard.press(keys[int(desk.spot(goes)[axis] > middle[axis])])
            page.wait_for_function("() => !gridpatrol.drawing.map._panAnim?._inProgress")

    page.keyboard.press(" ")
    desk.settle()

    after = desk.households()
    assert goes not in after
    assert after[stays] == before[stays] + before[goes]
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.locator("button[data-tool=choose]")).to_have_attribute("aria-pressed", "true")
