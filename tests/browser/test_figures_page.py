"""The figures of the sample town: read on every screen, heard, printed, and each sheet taken away in every kind."""

from collections.abc import Callable, Iterator
from datetime import date
from io import BytesIO
from pathlib import Path

import pypdfium2
import pytest
from docx import Document as open_word
from looked_at import USUAL, faults
from openpyxl import load_workbook
from playwright.sync_api import Browser, Page, expect
from served import AT, Site
from spoken import speaking
from sqlalchemy.orm import Session

from data import users
from data.database import open_engine, open_session
from patrols import periodic
from patrols.communities import find_community
from patrols.periodic import PeriodKind
from patrols.scope import Scope
from webmap.documents import document
from webmap.documents.document import Document

DAY = date(2026, 10, 14)
"""A day in periods of every kind of which the sample town has something to tell."""

SLOW_MS = 60_000
"""A sheet is written anew with every page; on a busy machine that takes its time."""

STILL_MADE = 202

Enter = Callable[..., Page]


@pytest.fixture
def town_session(site: Site) -> Iterator[Session]:
    engine = open_engine(f"sqlite:///{site.file}")
    with open_session(engine) as session:
        yield session
    engine.dispose()


@pytest.fixture
def sheets(town_session: Session) -> Iterator[Callable[[PeriodKind], Document]]:
    """What each sheet has to say, in Chinese."""

    def told(kind: PeriodKind) -> Document:
        place = find_community(town_session, None, on=DAY)
        official = Scope.of_user(users.find_user(town_session, "official"))
        sheet = periodic.sheet(town_session, official, place, kind, DAY, AT)
        return document.compose(town_session, sheet, place)

    with speaking("zh").app_context():
        yield told


def fetched(page: Page, site: Site, kind: PeriodKind, ending: str) -> bytes:
    answer = page.request.get(f"{site.address}/figures/file?kind={kind}&day={DAY}&format={ending}")
    while answer.status == STILL_MADE:
        page.wait_for_timeout(100)
        answer = page.request.get(answer.url)
    assert answer.ok, answer.status
    return answer.body()


def rows_of(made: Document) -> list[list[list[str]]]:
    """Every table: its headings, rows and total."""
    return [
        [table.headings, *table.rows, *([table.total] if table.total else [])] for table in made.tables() if table.rows
    ]


@pytest.mark.parametrize("kind", list(PeriodKind))
def test_each_sheet_is_taken_away_in_every_kind_and_tells_the_same_figures(
    enter: Enter, site: Site, sheets: Callable[[PeriodKind], Document], kind: PeriodKind
) -> None:
    page = enter(site, "/help")
    told = sheets(kind)
    tables = rows_of(told)

    word = open_word(BytesIO(fetched(page, site, kind, ".docx")))
    assert [[[cell.text for cell in row.cells] for row in table.rows] for table in word.tables[:-1]] == tables
    assert len(word.inline_shapes) == sum(len(table.figures) for table in told.tables())

    book = load_workbook(BytesIO(fetched(page, site, kind, ".xlsx")), data_only=True)
    leaves = [leaf for leaf, table in zip(book.worksheets[1:], told.tables(), strict=False) if table.rows]
    counts = [(column.key, [row[i] for row in table.table.rows]) for table in told.tables() if table.rows
              for i, column in enumerate(table.table.columns) if column.kind is periodic.Kind.COUNT]  # fmt: skip
    written = [(column.key, [leaf.cell(5 + at, i + 1).value for at in range(len(table.rows))])
               for leaf, table in zip(leaves, (one for one in told.tables() if one.rows), strict=True)
               for i, column in enumerate(table.table.columns) if column.kind is periodic.Kind.COUNT]  # fmt: skip
    assert [(key, ["–" if value is None else value for value in values]) for key, values in counts] == written

    with pypdfium2.PdfDocument(fetched(page, site, kind, ".pdf")) as pdf:
        said = "".join("".join(leaf.get_textpage().get_text_bounded().split()) for leaf in pdf)
    missing = ["".join("".join(row).split()) for rows in tables for row in rows[1:]]
    assert [row for row in missing if row not in said] == []

    html = fetched(page, site, kind, ".html").decode()
    assert all(f">{cell}<" in html for rows in tables for row in rows for cell in row if cell.isdigit())
    assert html.count("<table") == len(tables)


@pytest.mark.parametrize("width", [390, 1440])
def test_the_page_is_read_on_every_screen_and_can_be_heard(enter: Enter, site: Site, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    enter(site, f"/figures?kind=monthly&day={DAY}")
    for chart in page.locator(".chart").all():
        chart.scroll_into_view_if_needed()
        expect(chart.locator("canvas")).to_be_visible()

    assert faults(page, USUAL) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_file_is_taken_away_without_leaving_the_page(enter: Enter, site: Site, tmp_path: Path) -> None:
    page = enter(site, f"/figures?day={DAY}")
    with page.expect_download() as taken:
        page.get_by_role("link", name="Excel").click()

    taken.value.save_as(tmp_path / "taken.xlsx")
    assert taken.value.suggested_filename.endswith("-weekly-2026-10-12.xlsx")
    assert len(load_workbook(tmp_path / "taken.xlsx").sheetnames) > 5
    expect(page.locator(".making")).to_be_hidden()
    assert page.url.endswith(f"/figures?day={DAY}")


def test_a_page_that_is_loaded_again_offers_the_file_that_was_asked_for(
    enter: Enter, site: Site, tmp_path: Path
) -> None:
    page = enter(site, f"/figures?day={DAY}")
    asked = page.request.get(
        f"{site.address}/figures/file?day={DAY}&format=.pdf", headers={"Accept": "application/json"}
    )
    page.reload()
    ready = page.locator(".making").get_by_role("link", name="PDF")
    expect(ready).to_be_visible(timeout=SLOW_MS)
    with page.expect_download() as taken:
        ready.click()

    taken.value.save_as(tmp_path / "taken.pdf")
    assert asked.status == STILL_MADE
    assert (tmp_path / "taken.pdf").read_bytes().startswith(b"%PDF")
    expect(page.locator(".making")).to_be_hidden()


def test_a_browser_without_scripts_waits_for_its_file(browser: Browser, enter: Enter, site: Site, page: Page) -> None:
    enter(site, "/help")
    context = browser.new_context(java_script_enabled=False, storage_state=page.context.storage_state())
    plain = context.new_page()
    plain.goto(f"{site.address}/figures?day={DAY}")
    with plain.expect_download(timeout=SLOW_MS) as taken:
        plain.get_by_role("link", name="Word").click()

    assert taken.value.suggested_filename.endswith("-weekly-2026-10-12.docx")
    context.close()


def test_one_chooses_kind_and_day_with_the_keyboard(enter: Enter, site: Site) -> None:
    page = enter(site, f"/figures?day={DAY}")
    page.locator("nav.kinds a").nth(2).focus()
    page.keyboard.press("Enter")
    expect(page.locator(".paper .lead")).to_have_text("2026年10月", timeout=SLOW_MS)
    page.locator("a[rel=prev]").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".paper .lead")).to_have_text("2026年9月", timeout=SLOW_MS)


def test_the_web_page_taken_away_opens_without_a_network(
    browser: Browser, enter: Enter, site: Site, page: Page, tmp_path: Path
) -> None:
    enter(site, "/help")
    (tmp_path / "week.html").write_bytes(fetched(page, site, PeriodKind.WEEK, ".html"))
    context = browser.new_context(offline=True, java_script_enabled=False)
    alone = context.new_page()
    asked: list[str] = []
    alone.on("request", lambda request: asked.append(request.url))
    alone.goto((tmp_path / "week.html").as_uri())

    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    expect(alone.locator(".grid-map").first).to_be_visible()
    assert alone.locator(".of-table img").first.evaluate("image => image.naturalWidth") > 1000
    context.close()
