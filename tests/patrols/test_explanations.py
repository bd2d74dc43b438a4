"""Every answer says why, in sentences made of kept facts."""

import re
from datetime import UTC, date, datetime

import make
import pytest
import shapely
from sqlalchemy.orm import Session

from data.models import EditionStage, Incident, IncidentSource
from patrols import incidents, overrides
from patrols.explanations import PLAIN, REASONS, explain_incident
from patrols.locating import Rule
from patrols.responsibility import find_responsible, recompute

NOON = datetime(2026, 9, 14, 4, tzinfo=UTC)
WEST, SOUTH = make.ORIGIN
MIDDLE = (WEST + 0.0005, SOUTH + 0.0015)


def said(session: Session, point: tuple[float, float], accuracy_m: float | None = 10.0) -> str:
    answer = find_responsible(session, point, at=NOON, accuracy_m=accuracy_m)
    return " ".join(map(str, answer.explanation))


def report(session: Session, community: object, point: tuple[float, float] | None, **fields: object) -> Incident:
    return incidents.report(
        session, community, at=NOON, source=IncidentSource.OFFICE, description="井盖松动", point=point, **fields
    )


def test_every_rule_has_its_sentence() -> None:
    assert {rule.value for rule in Rule} <= set(REASONS)
    assert all(set(re.findall(r"%\((\w+)\)s", PLAIN[rule])) <= {"grid", "community"} for rule in PLAIN)


def test_inside_a_grid_it_names_border_edition_and_how_sure(session: Session) -> None:
    make.town(session)

    assert said(session, MIDDLE) == (
        "The place lies inside grid 110108001001001, 43 m from its border, by edition 1 of the grids, in force since"
        " 2026-01-01. With an accuracy of 10 m the true place lies there in 100 of 100 cases: that is called sure."
    )


def test_near_a_border_it_names_the_likeliest_other(session: Session) -> None:
    make.town(session)

    told = said(session, (WEST + 0.00098, SOUTH + 0.0015))

    assert "inside grid 110108001001001, 1.7 m from its border" in told
    assert re.search(r"in only 60\.\d of 100 cases; the likeliest other is grid 110108001001002\.$", told)


def test_each_rule_speaks_for_itself(session: Session) -> None:
    community, _ = make.town(session)
    house = make.building(session, community, shapely.Point(MIDDLE).buffer(0.0002), name="3号楼")
    code = community.code
    overrides.serve(
        session, house, grid_code=f"{code}001", served_by=f"{code}002", valid_from=date(2026, 2, 1), at=NOON
    )

    assert f"on the border of grid {code}001 with a neighbour" in said(session, (WEST + 0.001, SOUTH + 0.0015))
    assert f"the nearest is grid {code}001, 8.5 m away" in said(session, (WEST - 0.0001, SOUTH + 0.0015))
    assert f"stands in 3号楼, which lies in grid {code}001 and is served by grid {code}002" in said(session, MIDDLE)
    assert said(session, (WEST - 0.1, SOUTH)) == "The place lies on the ground of no community that is stored here."


def test_an_accuracy_that_was_only_assumed_is_owned_up_to(session: Session) -> None:
    make.town(session)

    told = said(session, MIDDLE, accuracy_m=None)

    assert told.endswith("The report stated no accuracy, so the usual one was taken.")


def test_a_doubt_is_never_rounded_away(session: Session) -> None:
    make.town(session)

    assert "in 99.9 of 100 cases" in said(session, MIDDLE, accuracy_m=18)


def test_the_community_explains_why_it_answers_itself(session: Session) -> None:
    community, edition = make.town(session)
    community.outline = shapely.box(WEST, SOUTH, WEST + 0.02, SOUTH + 0.02)
    session.flush()

    assert f"in no grid of edition {edition.number}" in said(session, (WEST + 0.015, SOUTH + 0.015))
    no_place = explain_incident(session, report(session, community, None))
    assert [str(one) for one in no_place] == ["No place was given, so 民悦社区 itself answers."]
    early = find_responsible(session, MIDDLE, at=datetime(2025, 6, 1, tzinfo=UTC)).explanation
    assert [str(one) for one in early] == ["民悦社区 had no grids in force on 2025-06-01, so it answers itself."]


def test_an_incident_is_explained_by_what_was_kept_whatever_changed_since(session: Session) -> None:
    community, edition = make.town(session)
    incident = report(session, community, (WEST + 0.00098, SOUTH + 0.0015), accuracy_m=10.0)
    before = [str(one) for one in explain_incident(session, incident)]
    edition.grids[0].geom = make.degrees_square(9, 9)
    edition.stage, edition.valid_until = EditionStage.RETIRED, date(2026, 9, 15)
    community.rules = {"assumed_accuracy_m": 40.0, "sure_probability": 0.5}
    session.flush()
    session.expire_all()

    after = [str(one) for one in explain_incident(session, session.get_one(Incident, incident.id))]

    assert after == before
    assert "in only 60." in after[1]


def test_an_incident_of_earlier_days_is_explained_by_what_there_is(session: Session) -> None:
    community, edition = make.town(session)
    fields = {"source": "office", "grid_rule": "inside", "grid_code": f"{community.code}001", "sure": False}
    old = make.add(
        session,
        Incident(
            community_id=community.id,
            number="1",
            found_at=NOON,
            geom=shapely.Point(MIDDLE),
            edition_id=edition.id,
            **fields,
        ),
    )

    told = [str(one) for one in explain_incident(session, old)]

    assert told == [
        "The place lies inside grid 110108001001001.",
        "How sure that is was not kept: look at the place.",
    ]


@pytest.mark.parametrize("asked", [True, False])
def test_another_edition_decides_only_when_it_is_asked_to(session: Session, asked: bool) -> None:
    community, first = make.town(session)
    incident = report(session, community, MIDDLE)
    first.stage, first.valid_until = EditionStage.RETIRED, date(2026, 10, 1)
    ground = {f"{community.code}009": shapely.box(WEST, SOUTH, WEST + 0.003, SOUTH + 0.002)}
    second = make.edition(session, community, ground, number=2, valid_from=date(2026, 10, 1))

    now = recompute(session, [incident], edition=second if asked else None).loc[incident.id]

    assert now["grid_code"] == community.code + ("009" if asked else "001")
    assert now["edition_id"] == (second.id if asked else first.id)
    assert (now["was_grid_code"], now["was_rule"], now["was_edition_id"]) == (
        f"{community.code}001",
        "inside",
        first.id,
    )
    assert incident.grid_code == f"{community.code}001"
    assert find_responsible(session, MIDDLE, at=NOON).edition is first
    assert find_responsible(session, MIDDLE, at=NOON, edition=second).grid_code == f"{community.code}009"


def test_nothing_to_recompute_gives_an_empty_table(session: Session) -> None:
    community, _ = make.town(session)

    assert recompute(session, [report(session, community, None)]).empty
    assert recompute(session, []).empty
