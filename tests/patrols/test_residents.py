"""What residents tell at a board: whose ground it is, told once, numbered once, and which kinds they are offered."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import make
import pytest
import shapely
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from data.database import open_engine, open_session
from data.models import Category, Community, Incident, IncidentSource, NoticeBoard, ResidentReport
from patrols import boards, categories, incidents, residents
from patrols.answer_codes import code_of, read_code, say_code

NOW = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)


@pytest.fixture
def place(session: Session) -> Community:
    return make.town(session)[0]


def board(session: Session, place: Community, **where: object) -> boards.Shown:
    row = make.add(session, NoticeBoard(community_id=place.id, token="a board", created_at=NOW, **where))
    session.expire_all()
    return boards.show(session, [row], at=NOW)[0]


def test_at_a_buildings_board_it_lies_at_the_building(session: Session, place: Community) -> None:
    house = make.building(session, place, shapely.box(116.3012, 40.0012, 116.3014, 40.0014), name="3号楼")
    shown = board(session, place, building_id=house.id)

    told = residents.tell(session, shown, "a key", at=NOW, description="门禁坏了", address="二单元")

    assert told.incident.grid_code == f"{place.code}002"
    assert told.incident.address == "3号楼 · 二单元"
    assert told.incident.steps[0].by_user_id is None


def test_at_a_grids_board_the_grid_answers_and_a_place_of_ones_own_comes_first(
    session: Session, place: Community
) -> None:
    shown = board(session, place, grid_code=f"{place.code}001")

    here = residents.tell(session, shown, "one", at=NOW, description="路灯")
    there = residents.tell(session, shown, "two", at=NOW, description="路灯", point=(116.3025, 40.0005), accuracy_m=5.0)

    assert here.incident.grid_code == f"{place.code}001"
    assert (there.incident.grid_code, there.incident.accuracy_m) == (f"{place.code}006", 5.0)


def test_at_the_board_of_a_grid_that_is_no_more_the_community_answers(session: Session, place: Community) -> None:
    shown = board(session, place, grid_code=f"{place.code}099")

    told = residents.tell(session, shown, "a key", at=NOW, description="路灯")

    assert (told.incident.grid_code, told.incident.community_id) == (None, place.id)


def test_a_code_is_a_forms_own_and_is_not_kept(session: Session, place: Community) -> None:
    shown = board(session, place, grid_code=f"{place.code}001")

    told = residents.tell(session, shown, "a key", at=NOW, description="路灯")

    assert told.code == code_of("a key") == read_code(say_code(told.code))
    row = residents.find(session, told.code)
    assert row.incident_id == told.incident.id
    assert told.code not in row.seal
    assert len({code_of(str(number)) for number in range(2000)}) == 2000


def test_the_same_form_at_the_same_moment_is_one_report_and_others_get_the_next_numbers(own_url: str) -> None:
    engine = open_engine(own_url)
    with open_session(engine, writing=True) as session:
        place, _edition = make.town(session)
        row = make.add(
            session, NoticeBoard(community_id=place.id, token="t", grid_code=f"{place.code}001", created_at=NOW)
        )
        number = row.id
        session.commit()

    def tell(key: str) -> tuple[str, bool]:
        with open_session(engine, writing=True) as session:
            (shown,) = boards.show(session, [session.get_one(NoticeBoard, number)], at=NOW)
            told = residents.tell(session, shown, key, at=NOW, description="停电了")
            session.commit()
            return told.incident.number, told.new

    with ThreadPoolExecutor(6) as pool:
        told = list(pool.map(tell, ["same"] * 6 + [str(one) for one in range(6)]))

    assert len({number for number, _new in told[:6]}) == 1
    assert sum(new for _number, new in told[:6]) == 1
    assert len({number for number, _new in told}) == 7
    assert rows(engine) == (7, 7)
    engine.dispose()


def rows(engine: Engine) -> tuple[int | None, int | None]:
    with open_session(engine) as session:
        count = [session.scalar(select(func.count()).select_from(model)) for model in (Incident, ResidentReport)]
    return count[0], count[1]


def test_what_two_families_know_is_offered_once_and_what_residents_tell_of_stands_first(
    session: Session, place: Community
) -> None:
    def add(family: str, code: str, zh: str) -> Category:
        return categories.add(session, family=family, kind="k", code=code, zh=zh, en=zh)

    theirs, lamp_theirs = add("chengguan", "1", "占道经营"), add("chengguan", "2", "路灯不亮")
    noise, lamp = add("shequ", "1", "噪声"), add("shequ", "2", "路灯不亮")
    gone = add("shequ", "3", "旧类")
    gone.retired = True
    categories.map_to(session, lamp, "chengguan", lamp_theirs)
    found = {"source": IncidentSource.RESIDENT, "description": "", "category": lamp}
    for days in (1, 2):
        incidents.report(session, place, at=NOW - timedelta(days=days), **found)
    incidents.report(session, place, at=NOW, **{**found, "category": noise})
    incidents.report(session, place, at=NOW, **{**found, "category": theirs, "source": IncidentSource.OFFICE})

    first, others = residents.offered(session, place, at=NOW)

    assert [one.id for one in first] == [lamp.id, noise.id, theirs.id]
    assert others == []


def test_only_so_many_kinds_stand_first(session: Session, place: Community) -> None:
    for number in range(12):
        categories.add(session, family="shequ", kind="k", code=f"{number:02}", zh=f"类{number}", en="")

    first, others = residents.offered(session, place, at=NOW)

    assert (len(first), len(others)) == (8, 4)
