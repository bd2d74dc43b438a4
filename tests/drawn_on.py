"""What tests of the editor share: an opened draft as people use it, and where on the screen things lie."""

from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page, expect
from served import Site, Watch

EVIL = "<img src=x onerror=alert(1)>`${alert(1)}`'\"{{7*7}}"

SPOT = """([code, number]) => {
  const desk = gridpatrol.drawing;
  const shape = number === null ? desk.draft.grids.get(code).shape : desk.draft.blocks.get(number).shape;
  const [x, y] = shape.spot();
  const scale = 2 ** desk.map.getZoom();
  const at = desk.map.layerPointToContainerPoint(L.point(x * scale, y * scale).subtract(desk.map.getPixelOrigin()));
  const box = desk.map.getContainer().getBoundingClientRect();
  return [box.left + at.x, box.top + at.y];
}"""

CORNERS = """(code) => {
  const desk = gridpatrol.drawing;
  const scale = 2 ** desk.map.getZoom();
  const frame = desk.map.getContainer().getBoundingClientRect();
  const shared = (x, y) => [...desk.draft.finder.at(x, y)].filter((other) => desk.draft.grids.get(other).shape.rings
    .some((ring) => ring.some((value, i) => i % 2 === 0 && value === x && ring[i + 1] === y)));
  const ring = desk.draft.grids.get(code).shape.rings[0];
  const found = [];
  for (let i = 0; i < ring.length - 2; i += 2) {
    const at = desk.map.layerPointToContainerPoint(
      L.point(ring[i] * scale, ring[i + 1] * scale).subtract(desk.map.getPixelOrigin()));
    found.push({ x: frame.left + at.x, y: frame.top + at.y, grids: shared(ring[i], ring[i + 1]) });
  }
  return found;
}"""

TAKE_ALL_BACK = """async () => {
  const { draft } = gridpatrol.drawing;
  while (draft.canUndo) await draft.undo();
}"""

NEIGHBOURS = """() => {
  const desk = gridpatrol.drawing;
  const grids = [...desk.draft.grids.values()];
  const corners = (code) => new Set(desk.draft.grids.get(code).shape.source.flat().map(String));
  const pairs = [];
  for (const one of grids) {
    const mine = corners(one.code);
    for (const other of desk.draft.finder.near(one.shape.box)) {
      if (other <= one.code) continue;
      const both = [...corners(other)].filter((corner) => mine.has(corner)).length;
      if (both > 3) pairs.push([both, one.code, other]);
    }
  }
  pairs.sort((a, b) => b[0] - a[0]);
  const used = new Set();
  return pairs.filter(([, one, other]) => !used.has(one) && !used.has(other) && used.add(one) && used.add(other))
    .map(([, one, other]) => [one, other]);
}"""

FULLEST = """() => {
  const desk = gridpatrol.drawing;
  const area = (ring) => { let sum = 0;
    for (let i = 0; i < ring.length - 2; i += 2) sum += ring[i] * ring[i + 3] - ring[i + 2] * ring[i + 1];
    return Math.abs(sum / 2); };
  const fill = ({ shape }) => area(shape.rings[0]) / ((shape.box[2] - shape.box[0]) * (shape.box[3] - shape.box[1]));
  const whole = ({ code, shape }) => shape.rings.length === 1 && desk.draft.rows.get(code).buildings > 5;
  return [...desk.draft.grids.values()].filter(whole)
    .sort((a, b) => fill(b) - fill(a))[0].code;
}"""


@dataclass
class Desk:
    """An opened draft, and what people do with it."""

    page: Page
    address: str

    def neighbours(self) -> list[tuple[str, str]]:
        """Pairs of grids with long common borders, no grid twice."""
        return [tuple(pair) for pair in self.page.evaluate(NEIGHBOURS)]

    def fullest(self) -> str:
        """The grid that is most like a rectangle."""
        return str(self.page.evaluate(FULLEST))

    def households(self) -> dict[str, int]:
        """What the editor says each grid has."""
        told = (
            "() => Object.fromEntries([...gridpatrol.drawing.draft.rows].map(([code, row]) => [code, row.households]))"
        )
        return dict(self.page.evaluate(told))

    def stored(self) -> dict[str, int]:
        """What the server says each grid has."""
        answer = self.page.request.get(self.address.replace("/draw/", "/api/drafts/"))
        return {row["code"]: row["households"] for row in answer.json()["table"]}

    def take(self, tool: str) -> None:
        self.page.click(f"button[data-tool={tool}]")
        expect(self.page.locator(f"button[data-tool={tool}]")).to_have_attribute("aria-pressed", "true")
        if tool == "paint":
            self.page.wait_for_function("() => gridpatrol.drawing.draft.blocks.size > 0")

    def spot(self, code: str) -> tuple[float, float]:
        return tuple(self.page.evaluate(SPOT, [code, None]))

    def block(self, number: int) -> tuple[float, float]:
        return tuple(self.page.evaluate(SPOT, [None, number]))

    def blocks(self, code: str) -> list[int]:
        """Blocks of a grid in which somebody lives, the largest first."""
        told = """(code) => [...gridpatrol.drawing.draft.blocks.values()]
            .filter((one) => one.code === code && one.households > 0)
            .sort((a, b) => b.households - a.households).map((one) => one.number)"""
        return list(self.page.evaluate(told, code))

    def tap(self, place: tuple[float, float]) -> None:
        self.page.mouse.click(*place)

    def settle(self) -> None:
        """Wait until everything is stored or waits for a word."""
        self.page.wait_for_function("() => !gridpatrol.drawing.draft.busy && !gridpatrol.drawing.draft.waiting.length")

    def corners(self, code: str) -> list[dict[str, Any]]:
        return list(self.page.evaluate(CORNERS, code))

    def run(self, one: str, other: str) -> list[dict[str, Any]]:
        """Four corners one after the other on the border of two grids; at an end of it a third one may meet them."""
        corners = self.corners(one)
        shared = [set(at["grids"]) == {one, other} for at in corners]
        first = next(i for i in range(len(shared) - 3) if all(shared[i : i + 4]))
        return corners[first : first + 4]

    def look(self, code: str) -> None:
        """Choose a grid in the table and show it large."""
        self.page.fill("[data-filter]", code)
        self.page.click(f"tr[data-code='{code}']")
        self.page.evaluate("() => gridpatrol.drawing.map.once('moveend', () => (window.moved = true))")
        self.page.click("[data-part=card] [data-do=look]")
        self.page.fill("[data-filter]", "")
        self.page.wait_for_function("() => window.moved && !gridpatrol.drawing.map._animatingZoom")

    def merge(self, stays: str, goes: str) -> None:
        self.take("merge")
        self.page.evaluate("() => gridpatrol.drawing.pick(null)")
        self.tap(self.spot(stays))
        self.tap(self.spot(goes))
        self.settle()


def opened(page: Page) -> Desk:
    page.locator(".draw.ready").wait_for()
    return Desk(page, page.url)


def sign_in(page: Page, site: Site, login: str) -> None:
    page.goto(f"{site.address}/sign-in")
    page.fill("input[name=login]", login)
    page.fill("input[name=password]", site.passwords[login])
    page.press("input[name=password]", "Enter")
    page.wait_for_url(f"{site.address}/")


def forgive(watch: Watch, status: str) -> None:
    """Browsers write every refused request into their console; this one was asked for."""
    told = [text for text in watch.shouted if status in text]
    assert told
    watch.shouted[:] = [text for text in watch.shouted if text not in told]
