"""No text that somebody wrote does anything on the map but be read."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect
from seen_map import data, find, ready
from served import Site
from sqlalchemy import Text, literal, update

from data.database import open_engine, open_session
from data.models import (
    Building,
    Camera,
    Category,
    ChainLink,
    Community,
    Compound,
    Grid,
    Incident,
    Organisation,
    Person,
    Street,
    Team,
)

EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>`${alert(1)}`'\"{{7*7}}"

TEXTS = {
    Community: ("name", "attribution"),
    Grid: ("name", "explanation"),
    Street: ("name",),
    Building: ("name", "address"),
    Compound: ("name",),
    Person: ("name",),
    ChainLink: ("zh", "en"),
    Camera: ("name", "owner"),
    Category: ("zh", "en"),
    Incident: ("number", "description", "address"),
    Organisation: ("name",),
    Team: ("name",),
}
"""Every text that people write and a map may show."""


def test_hostile_texts_in_every_field_do_nothing(enter, serve: Callable[[Path], Site], tmp_path: Path) -> None:
    site = serve(tmp_path / "hostile.sqlite")
    poison(site.file)
    page = ready(enter(site, "/map"))

    for layer in ("done", "heat", "tracks", "walked", "duty", "boards", "cameras"):
        page.check(f"input[data-layer={layer}]")
        expect(page.locator(f"[data-note={layer}]")).not_to_have_text("…")
    page.goto(f"{site.address}/map?place=110108999&layers=heat,words")
    ready(page)
    expect(page.locator(".gp-classes li").first).to_be_visible()
    ready(enter(site, "/map"))
    for kind in ("grid", "person", "street", "compound", "building"):
        wanted = next(place for place in data(page)["search"] if place["kind"] == kind)
        assert EVIL in wanted["text"]
        find(page, wanted["text"])
    find(page, data(page)["grids"]["code"][3])
    expect(page.locator(".gp-card h2")).to_contain_text("${alert(1)}")
    page.locator(".gp-rows .gp-row").first.click()
    expect(page.locator(".gp-card .gp-over")).to_contain_text("${alert(1)}")
    expect(page.locator(".gp-card img, .gp-card script, .gp-panel img")).to_have_count(0)


def poison(file: Path) -> None:
    """Put a hostile text before every text of a database that a map may show."""
    engine = open_engine(f"sqlite:///{file}")
    with open_session(engine, writing=True) as session:
        for model, names in TEXTS.items():
            hostile = {name: literal(EVIL, Text).op("||")(getattr(model, name)) for name in names}
            session.execute(update(model).values(hostile), execution_options={"synchronize_session": False})
        session.commit()
    engine.dispose()
