"""Editions on pages: who may see and take which step, what a redraw changes, and the day on which it begins."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import make
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from visit import AWAY, HOME, NOW, Town, send

from data.database import open_session
from data.models import AuditRow, Community, Duty, EditionStage, GridEdition, Incident, PlaceKind, Role
from patrols.roster import post
from webmap.access import ROLES, May

Signed = Callable[[Role], FlaskClient]
DRAFT = f"/editions/{HOME}/2"
STEPS = f"{DRAFT}/steps"
TODAY = "2026-11-22"


@pytest.fixture
def draft(town_engine: Engine, town: Town) -> Town:
    """A draft in which the two western grids of the north are one."""
    joined = make.degrees_square(0, 1).union(make.degrees_square(1, 1))
    shapes = {"001": joined, "003": make.degrees_square(2, 1)}
    shapes |= {f"00{n + 4}": make.degrees_square(n) for n in range(3)}
    with open_session(town_engine, writing=True) as session:
        place = session.scalars(select(Community).where(Community.code == HOME)).one()
        grids = {f"{HOME}{code}": shape for code, shape in shapes.items()}
        make.edition(session, place, grids, number=2, name="合并", stage=EditionStage.DRAFT, valid_from=None)
        session.commit()
    return town


def stage_of(engine: Engine, number: int = 2) -> EditionStage:
    with open_session(engine) as session:
        found = session.scalars(
            select(GridEdition)
            .join(Community, Community.id == GridEdition.community_id)
            .where(Community.code == HOME, GridEdition.number == number)
        ).one()
        return found.stage


def submit(browser: FlaskClient) -> None:
    answer = send(browser, STEPS, move="submit", seen="0", **{f"reason-{HOME}002": "并入001"})
    assert answer.status_code == 302, answer.text


def test_only_the_administrator_reviews_and_adopts() -> None:
    assert [role for role in Role if May.ADOPT_GRIDS in ROLES[role]] == [Role.ADMINISTRATOR]
    assert {role for role in Role if May.DRAW_GRIDS in ROLES[role]} == {Role.ADMINISTRATOR, Role.GRID_MANAGER}


@pytest.mark.usefixtures("draft")
def test_the_list_names_every_edition_with_its_stage(as_role: Signed) -> None:
    page = as_role(Role.OFFICIAL).get("/editions").text

    assert "Edition 2 合并" in page
    assert "in force" in page
    assert "draft" in page


def test_the_preview_says_what_moves_before_and_after(as_role: Signed, draft: Town) -> None:
    page = as_role(Role.OFFICIAL).get(DRAFT).text

    assert "compared with edition 1" in page
    assert "002</span> → <span" in page
    assert "merged" in page
    assert "grid voided" in page
    assert 'class="moved"><path d="M' in page
    assert 'name="move"' not in page


def test_a_discarded_draft_leaves_the_lists_and_can_be_brought_back(
    as_role: Signed, draft: Town, town_engine: Engine
) -> None:
    manager = as_role(Role.GRID_MANAGER)
    assert 'value="discard"' in manager.get("/draw").text

    gone = send(manager, STEPS, move="discard", seen="0", next="draw")

    assert gone.headers["Location"].startswith("/draw")
    assert stage_of(town_engine) is EditionStage.DISCARDED
    assert "can be brought back" in (told := manager.get("/draw").text)
    assert "Edition 2" not in told
    assert "1 discarded draft" in manager.get("/editions").text
    page = manager.get(DRAFT).text
    assert 'value="bring_back"' in page
    assert 'value="submit"' not in page
    send(manager, STEPS, move="bring_back", seen="0")
    assert stage_of(town_engine) is EditionStage.DRAFT


def test_who_reviews_a_page_that_is_out_of_date_is_told(as_role: Signed, draft: Town, town_engine: Engine) -> None:
    manager, boss = as_role(Role.GRID_MANAGER), as_role(Role.ADMINISTRATOR)
    submit(manager)
    assert 'name="seen" value="0"' in boss.get(DRAFT).text

    answer = send(boss, STEPS, move="review", seen="3")

    assert answer.status_code == 409
    assert stage_of(town_engine) is EditionStage.SUBMITTED


def test_from_a_managers_draft_to_grids_in_force(as_role: Signed, draft: Town, town_engine: Engine) -> None:
    manager, boss = as_role(Role.GRID_MANAGER), as_role(Role.ADMINISTRATOR)
    form = manager.get(DRAFT).text
    assert 'value="merged into 001"' in form

    submit(manager)
    assert 'name="move"' not in manager.get(DRAFT).text
    assert send(boss, STEPS, move="review", note="同意").status_code == 302
    done = send(boss, STEPS, move="adopt", valid_from=TODAY, filing_number="社字〔2026〕2号")

    assert done.status_code == 302
    page = boss.get(DRAFT).text
    assert "Open incidents were handed over with their ground." in page
    assert "社字〔2026〕2号" in page
    assert "同意" in page
    history = manager.get(f"/incidents/{draft.in_grid_2}").text
    assert "Hand over with the ground" in history
    assert f"{HOME}002 → {HOME}001" in history
    with open_session(town_engine) as session:
        told = session.scalars(select(AuditRow.action).where(AuditRow.action.startswith("grids."))).all()
    assert told == ["grids.submitted", "grids.reviewed", "grids.adopted"]


def test_a_grid_that_was_given_up_says_since_when_why_what_followed_and_who_is_posted_on_it_still(
    as_role: Signed, draft: Town, town_engine: Engine
) -> None:
    boss, gone = as_role(Role.ADMINISTRATOR), f"/grids/{HOME}002"
    with open_session(town_engine, writing=True) as session:
        place = session.scalars(select(Community).where(Community.code == HOME)).one()
        walker = make.person(session, place, "P077", name="赵六")
        post(session, walker, Duty.GRID_WORKER, PlaceKind.GRID, grid_code=f"{HOME}002", valid_from=date(2026, 1, 1))
        session.commit()
    submit(boss)
    send(boss, STEPS, move="review")
    assert "Who answers here" in boss.get(gone).text

    send(boss, STEPS, move="adopt", valid_from=TODAY, filing_number="2号")

    page = boss.get(gone)
    assert page.status_code == 200
    for told in (
        "given up on",
        "并入001",
        f'href="/grids/{HOME}001"',
        f'href="{DRAFT}"',
        "Still posted on it",
        "赵六",
    ):
        assert told in page.text
    assert boss.get(f"/grids/{HOME}099").status_code == 404


@pytest.mark.parametrize("move", ["review", "send_back", "adopt", "recall", "retire"])
def test_a_manager_does_not_take_the_reviewers_steps(
    as_role: Signed, draft: Town, town_engine: Engine, move: str
) -> None:
    manager = as_role(Role.GRID_MANAGER)
    submit(manager)

    answer = send(manager, STEPS, move=move, note="x", valid_from=TODAY, filing_number="1")

    assert answer.status_code == 403
    assert stage_of(town_engine) is EditionStage.SUBMITTED


def test_an_adoption_that_lies_ahead_is_recalled_or_begins_with_the_first_request_of_its_day(
    as_role: Signed, draft: Town, town_engine: Engine, clock: list[datetime], app: Flask
) -> None:
    boss = as_role(Role.ADMINISTRATOR)
    submit(boss)
    send(boss, STEPS, move="review")
    send(boss, STEPS, move="adopt", valid_from="2026-11-25", filing_number="2号")
    assert "Recall the adoption" in boss.get(DRAFT).text

    assert send(boss, STEPS, move="recall", note="再议").status_code == 302
    assert stage_of(town_engine) is EditionStage.REVIEWED
    send(boss, STEPS, move="adopt", valid_from="2026-11-25", filing_number="2号")
    clock[0] = NOW + timedelta(days=3)
    app.test_client().get("/sign-in")

    assert stage_of(town_engine, 1) is EditionStage.RETIRED
    with open_session(town_engine) as session:
        incident = session.scalars(select(Incident).where(Incident.number == draft.in_grid_2)).first()
        assert incident is not None
        assert incident.grid_code == f"{HOME}001"
        assert session.scalars(select(AuditRow).where(AuditRow.action == "grids.begun")).one().facts == {"edition": 2}


@pytest.mark.parametrize(
    ("fields", "status", "reason"),
    [
        ({"valid_from": TODAY}, 422, "needs its filing number"),
        ({"filing_number": "1"}, 422, "first day"),
        ({"filing_number": "1", "valid_from": "2026-11-21"}, 409, "that is past"),
    ],
)
def test_an_adoption_without_what_it_needs_is_refused(
    as_role: Signed, draft: Town, town_engine: Engine, fields: dict[str, str], status: int, reason: str
) -> None:
    boss = as_role(Role.ADMINISTRATOR)
    submit(boss)
    send(boss, STEPS, move="review")

    answer = send(boss, STEPS, move="adopt", **fields)

    assert (answer.status_code, reason in answer.text) == (status, True)
    assert stage_of(town_engine) is EditionStage.REVIEWED


def test_two_editions_are_compared_the_other_way_round(as_role: Signed, draft: Town) -> None:
    page = as_role(Role.OFFICIAL).get(f"/editions/{HOME}/1?with=2").text

    assert "compared with edition 2" in page
    assert "001</span> → <span" in page


def test_the_editions_of_a_neighbour_are_out_of_reach(as_role: Signed) -> None:
    manager = as_role(Role.GRID_MANAGER)

    assert manager.get(f"/editions/{AWAY}/1").status_code == 403
    assert manager.get(f"/editions/{HOME}/9").status_code == 404
    assert send(manager, f"/editions/{AWAY}/1/steps", move="submit").status_code == 403


def test_the_figures_of_an_earlier_day_are_told_by_the_grids_of_that_day(
    as_role: Signed, draft: Town, clock: list[datetime]
) -> None:
    boss = as_role(Role.ADMINISTRATOR)
    earlier = boss.get("/figures?kind=daily&day=2026-11-21").text
    submit(boss)
    send(boss, STEPS, move="review")
    send(boss, STEPS, move="adopt", valid_from=TODAY, filing_number="2号")

    later = boss.get("/figures?kind=daily&day=2026-11-21").text

    def sheet(page: str) -> str:
        return page[page.index("<article") : page.index("</article>")]

    assert sheet(earlier) == sheet(later)
    assert "by the grids of that time" in later
    assert ">002</th>" in later
    assert ">002</th>" not in boss.get("/figures?kind=daily").text


def test_the_first_edition_has_nothing_to_be_compared_with(as_role: Signed) -> None:
    page = as_role(Role.OFFICIAL).get(f"/editions/{HOME}/1")

    assert page.status_code == 200
    assert "the first grids here" in page.text
    assert "What moves where" not in page.text
