"""What tests of the volunteers' page share: a phone in a hand, positions played to it, what the server then has."""

import io
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from math import cos, hypot, radians
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Error, Page, expect
from served import Site, Watch
from sqlalchemy import text

from data.database import open_engine

PHONE = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "permissions": ["geolocation"],
    "geolocation": {"longitude": 116.33, "latitude": 40.0, "accuracy": 6.0},
}
"""A phone that may say where it is."""

DEGREE_M = 111_195.0
GPS_TAG = 0x8825
SLOW_MS = 30_000

WAITING = "() => gridpatrol.phone.queue.takeAway()"
RECORDED = "(count) => gridpatrol.phone.walk && gridpatrol.phone.walk.fixes >= count"
UNSENT = "async () => (await gridpatrol.phone.queue.unsent()).all"


@dataclass
class Volunteer:
    """Somebody with the page open on a phone."""

    context: BrowserContext
    page: Page
    site: Site

    def open(self, path: str = "/walk") -> None:
        self.page.goto(self.site.address + path)
        self.ready()

    def ready(self) -> None:
        expect(self.page.locator("body[data-ready]")).to_be_attached()

    def reload(self) -> None:
        self.page.reload()
        self.ready()

    def is_at(self, state: str) -> None:
        expect(self.page.locator(f"body[data-at={state}]")).to_be_attached()

    def press(self, act: str) -> None:
        self.page.click(f"[data-act={act}]:visible")

    def enrol(self, login: str = "redcap") -> None:
        form = self.page.locator("form[data-form=enrol]:visible")
        form.locator("[name=login]").fill(login)
        form.locator("[name=password]").fill(self.site.passwords[login])
        form.locator("button").click()
        expect(form).to_be_hidden(timeout=SLOW_MS)

    def begin(self, login: str = "redcap") -> None:
        """Open the page as somebody new on this phone, and agree unless that was done before."""
        self.open()
        self.enrol(login)
        if self.page.locator("body[data-at=asked]").count():
            self.press("agree")
        self.is_at("ready")
        self.all_sent()
        self.page.evaluate("() => navigator.serviceWorker.ready.then(() => undefined)")

    def start(self) -> None:
        self.press("start")
        self.is_at("walking")
        self.page.wait_for_function(RECORDED, arg=1)

    def stop(self) -> None:
        self.press("end")
        self.press("stop")
        self.is_at("over")

    def play(self, places: Iterable[tuple[float, float]], *, pause_ms: float = 0) -> int:
        """Be at one place after the other, each once the page has heard of the one before; how many it has heard of."""
        count = int(self.page.evaluate("() => gridpatrol.phone.walk.fixes"))
        for lon, lat in places:
            self.context.set_geolocation({"longitude": lon, "latitude": lat, "accuracy": 6.0})
            count += 1
            self.page.wait_for_function(RECORDED, arg=count, polling=5)
            if pause_ms:
                self.page.wait_for_timeout(pause_ms)
        return count

    def street(self) -> list[tuple[float, float]]:
        """The longest street of the kit, as longitudes and latitudes."""
        told = """() => gridpatrol.phone.kit.streets.features.filter((one) => one.geometry.type === "LineString")
            .map((one) => one.geometry.coordinates).sort((a, b) => b.length - a.length)[0]"""
        return [(lon, lat) for lon, lat in self.page.evaluate(told)]

    def report(self, words: str, photo: bytes) -> None:
        """Report something with a photo, from wherever home is."""
        self.press("report")
        self.is_at("report")
        named = {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": photo}
        self.page.set_input_files("form[data-form=report] input[type=file]", [named])
        expect(self.page.locator(".photos img")).to_have_count(1)
        self.page.fill("form[data-form=report] [name=words]", words)
        expect(self.page.locator("[data-part=where]")).not_to_contain_text("…")
        self.page.click("form[data-form=report] .foot button")
        self.is_at("told")

    def waiting(self) -> dict[str, list[dict[str, Any]]]:
        """What lies in the phone's own database, not sent yet."""
        return dict(self.page.evaluate(WAITING))

    def unsent(self) -> int:
        return int(self.page.evaluate(UNSENT))

    def all_sent(self) -> None:
        """Wait until the server has said yes to everything."""
        self.until(lambda: not self.unsent())

    def until(self, so: Callable[[], bool]) -> None:
        """Wait until something is so; half a minute, and it will not be."""
        for _ in range(600):
            if so():
                return
            self.page.wait_for_timeout(50)
        raise AssertionError("it never was so")

    def crash(self) -> None:
        """The tab dies, as on a phone that runs out of memory; what there is then is a new one."""
        with self.page.expect_event("crash"), pytest.raises(Error):
            self.page.goto("chrome://crash")
        self.page.close()
        self.page = self.context.new_page()


def along(line: list[tuple[float, float]], step_m: float, count: int) -> list[tuple[float, float]]:
    """So many places a step apart, up and down a line."""
    found: list[tuple[float, float]] = []
    there = line
    while len(found) < count:
        for (lon, lat), (east, north) in pairwise(there):
            long = hypot((east - lon) * DEGREE_M * cos(radians(lat)), (north - lat) * DEGREE_M)
            shares = [k * step_m / long for k in range(max(1, int(long / step_m)))]
            found += [(lon + share * (east - lon), lat + share * (north - lat)) for share in shares]
        there = there[::-1]
    return found[:count]


def photo(colour: tuple[int, int, int], size: tuple[int, int] = (2400, 1800)) -> bytes:
    """A photo as a phone takes it: large, and with the place written into it."""
    written = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "a maker"
    exif.get_ifd(GPS_TAG).update({1: "N", 2: (40.0, 0.0, 1.0), 3: "E", 4: (116.0, 19.0, 1.0)})
    Image.new("RGB", size, colour).save(written, "JPEG", exif=exif)
    return written.getvalue()


def forget_offline(watch: Watch) -> None:
    """Browsers write what they could not fetch into their console; without a signal that is no fault of the page."""
    watch.shouted[:] = [one for one in watch.shouted if "ERR_INTERNET_DISCONNECTED" not in one]


def rows(site: Site, question: str, **facts: object) -> list[tuple[Any, ...]]:
    """What the server's database says, by the server's own driver: two in one process break each other's locks."""
    engine = open_engine(f"sqlite:///{site.file}")
    try:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(question), facts)]
    finally:
        engine.dispose()


def set_rules(site: Site, **rules: float) -> None:
    """Give the communities of a site other numbers of the trade."""
    engine = open_engine(f"sqlite:///{site.file}")
    with engine.begin() as connection:
        connection.execute(text("UPDATE community SET rules = :rules"), {"rules": json.dumps(rules)})
    engine.dispose()
