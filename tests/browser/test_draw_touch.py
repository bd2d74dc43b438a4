"""The editor under fingers, on a tablet and a phone: one finger draws, two move the map, and nothing scrolls away."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
from drawn_on import TAKE_ALL_BACK, Desk, opened
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, expect
from served import Site, Watch

TABLET, PHONE = (820, 1180), (390, 844)
Spot = tuple[float, float]


class Fingers:
    """Fingers on the screen, as the browser gets them from a touch screen."""

    def __init__(self, page: Page) -> None:
        self.devtools: CDPSession = page.context.new_cdp_session(page)
        self.page = page

    def _send(self, kind: str, *spots: Spot) -> None:
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(spots)]
        self.devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        self.page.wait_for_timeout(16)

    def draw(self, *spots: Spot, steps: int = 6) -> None:
        """One finger goes from spot to spot."""
        self._send("touchStart", spots[0])
        for (x, y), (to_x, to_y) in pairwise(spots):
            for step in range(1, steps + 1):
                self._send("touchMove", (x + (to_x - x) * step / steps, y + (to_y - y) * step / steps))
        self._send("touchEnd")

    def pinch(self, middle: Spot, begin: float, end: float, steps: int = 6) -> None:
        """Two fingers, the second a moment after the first, move apart or together."""
        x, y = middle
        self._send("touchStart", (x - begin, y))
        self._send("touchStart", (x - begin, y), (x + begin, y))
        for step in range(1, steps + 1):
            far = begin + (end - begin) * step / steps
            self._send("touchMove", (x - far, y), (x + far, y))
        self._send("touchEnd")
        self.page.wait_for_timeout(400)


@pytest.fixture(params=[TABLET, PHONE], ids=["tablet", "phone"])
def screen(
    request: pytest.FixtureRequest,
    browser: Browser,
    browser_context_args: dict[str, Any],
    cookies: Callable[[Site, str], list[Any]],
    drawing_site: Site,
) -> Iterator[BrowserContext]:
    """A touch screen with somebody signed in."""
    width, height = request.param
    context = browser.new_context(
        **browser_context_args, viewport={"width": width, "height": height}, has_touch=True, is_mobile=True
    )
    context.add_cookies(cookies(drawing_site, "manager"))
    yield context
    context.close()


@pytest.fixture
def tablet(screen: BrowserContext, drawing_site: Site, draft: str) -> Iterator[Desk]:
    """The draft as it was begun, on the touch screen; at the end nothing may have been wrong."""
    page, seen = screen.new_page(), Watch()
    page.on("console", seen.console)
    page.on("pageerror", lambda error: seen.shouted.append(str(error)))
    page.goto(drawing_site.address + draft)
    found = opened(page)
    found.page.evaluate(TAKE_ALL_BACK)
    yield found
    assert seen.shouted == []


@pytest.fixture
def fingers(tablet: Desk) -> Fingers:
    return Fingers(tablet.page)


def zoom(desk: Desk) -> float:
    return float(desk.page.evaluate("() => gridpatrol.drawing.map.getZoom()"))


def tap(desk: Desk, spot: Spot) -> None:
    desk.page.touchscreen.tap(*spot)


def show(desk: Desk, *codes: str) -> None:
    """Bring grids near: a finger needs more room than a mouse."""
    desk.page.evaluate("(codes) => gridpatrol.drawing.lookAt(codes)", list(codes))
    desk.page.wait_for_function("() => !gridpatrol.drawing.map._animatingZoom")
    desk.page.wait_for_timeout(400)


def test_blocks_are_painted_by_tapping(tablet: Desk) -> None:
    grows, shrinks = tablet.neighbours()[0]
    tablet.take("paint")
    show(tablet, grows, shrinks)
    before, block = tablet.households(), tablet.blocks(shrinks)[0]
    tap(tablet, tablet.spot(grows))

    tap(tablet, tablet.block(block))
    tablet.settle()

    after = tablet.households()
    assert after[grows] > before[grows]
    assert tablet.stored() == after


def test_blocks_are_painted_with_a_stroke_of_one_finger(tablet: Desk, fingers: Fingers) -> None:
    grows, shrinks = tablet.neighbours()[0]
    tablet.take("paint")
    show(tablet, grows, shrinks)
    before = tablet.households()
    tap(tablet, tablet.spot(grows))

    fingers.draw(*(tablet.block(number) for number in tablet.blocks(shrinks)[:2]))
    tablet.settle()

    assert tablet.households()[grows] > before[grows]
    assert tablet.page.evaluate("() => [scrollX, scrollY]") == [0, 0]
    tablet.page.evaluate("() => gridpatrol.drawing.draft.undo()")
    tablet.settle()
    assert tablet.households() == before


def test_a_grid_is_cut_by_drawing_with_one_finger(tablet: Desk, fingers: Fingers) -> None:
    before, whole = tablet.households(), tablet.fullest()
    tablet.take("cut")
    show(tablet, whole)
    corners = tablet.corners(whole)
    west, east = (edge(one["x"] for one in corners) for edge in (min, max))
    middle = tablet.spot(whole)[1]

    fingers.draw((west - 12, middle), ((west + east) / 2, middle + 6), (east + 12, middle))
    tablet.settle()

    after = tablet.households()
    (new,) = set(after) - set(before)
    assert after[new] + after[whole] == before[whole]
    assert tablet.stored() == after


def test_two_fingers_bring_the_map_closer_and_paint_nothing(tablet: Desk, fingers: Fingers) -> None:
    before, near = tablet.households(), zoom(tablet)
    tablet.take("paint")
    tap(tablet, tablet.spot(tablet.fullest()))

    fingers.pinch(tablet.spot(tablet.fullest()), 20, 90)
    tablet.settle()

    assert zoom(tablet) > near + 0.5
    assert tablet.households() == before == tablet.stored()
    expect(tablet.page.locator("[data-do=undo]").first).to_be_disabled()


def test_two_fingers_between_two_points_of_a_line_keep_the_first_point(tablet: Desk, fingers: Fingers) -> None:
    before, whole = tablet.households(), tablet.fullest()
    tablet.take("cut")
    show(tablet, whole)
    corners = tablet.corners(whole)
    west, middle = min(one["x"] for one in corners), tablet.spot(whole)[1]
    tap(tablet, (west - 14, middle))

    fingers.pinch(tablet.spot(whole), 90, 60)

    assert tablet.page.evaluate("() => gridpatrol.drawing.tool.points.length") == 1
    east = max(one["x"] for one in tablet.corners(whole))
    tap(tablet, (east + 14, tablet.spot(whole)[1]))
    tablet.page.tap("[data-do=finish]")
    tablet.settle()
    assert len(tablet.households()) == len(before) + 1


def test_one_finger_moves_the_map_where_nothing_is_drawn(tablet: Desk, fingers: Fingers) -> None:
    before = tablet.households()
    tablet.take("choose")
    x, y = tablet.spot(tablet.fullest())
    centre = "() => { const { lat, lng } = gridpatrol.drawing.map.getCenter(); return [lat, lng]; }"
    at = tablet.page.evaluate(centre)

    fingers.draw((x, y), (x - 80, y - 60))
    tablet.page.wait_for_timeout(300)

    assert tablet.page.evaluate(centre) != at
    assert tablet.households() == before
