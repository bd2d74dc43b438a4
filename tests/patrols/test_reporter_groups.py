"""The groups of reporters that sheets count by."""

from datetime import date

import make
import pytest
from sqlalchemy.orm import Session

from data.errors import NotFound
from data.models import Community, PlaceKind
from patrols import reporter_groups, roster
from patrols.errors import BadRule


def names(session: Session, place: Community) -> list[str]:
    return [group.en for group in reporter_groups.of(session, place)]


def test_a_community_begins_with_five_groups(session: Session) -> None:
    place, _ = make.town(session)

    found = reporter_groups.of(session, place)

    assert [len(group.duties + group.teams + group.sources) for group in found] == [5, 4, 1, 2, 3]
    assert len({word for group in found for word in group.duties}) == 9


def test_a_group_is_named_and_given_a_duty_of_the_communitys_own(session: Session) -> None:
    place, _ = make.town(session)
    person = make.person(session, place, "P1")
    roster.post(session, person, "邻长", PlaceKind.COMMUNITY, valid_from=date(2026, 1, 1))

    reporter_groups.keep(session, place, 2, zh="楼栋长和邻长", duties=["building_head", "邻长"])
    reporter_groups.keep(session, place, None, zh="商户", en="Shops", sources=["office"])

    found = reporter_groups.of(session, place)
    assert [group.position for group in found] == [1, 2, 3, 4, 5, 6]
    assert (found[1].zh, found[1].en, found[1].duties) == ("楼栋长和邻长", "楼栋长和邻长", ["building_head", "邻长"])
    assert (found[5].en, found[5].sources) == ("Shops", ["office"])


def test_those_behind_a_group_that_goes_move_up_and_the_usual_ones_come_back(session: Session) -> None:
    place, _ = make.town(session)
    usual = names(session, place)

    reporter_groups.drop(session, place, 2)
    left = reporter_groups.of(session, place)

    assert [group.en for group in left] == [usual[0], *usual[2:]]
    assert [group.position for group in left] == [1, 2, 3, 4]
    reporter_groups.reset(session, place)
    assert names(session, place) == usual


def test_the_last_group_stays(session: Session) -> None:
    place, _ = make.town(session)
    for _ in range(4):
        reporter_groups.drop(session, place, 1)

    with pytest.raises(BadRule, match="One group has to stay"):
        reporter_groups.drop(session, place, 1)


@pytest.mark.parametrize(
    "told",
    [
        {"zh": " ", "duties": ["grid_worker"]},
        {"zh": "谁都不是"},
        {"zh": "邻长", "duties": ["邻长"]},
        {"zh": "队伍", "kinds": ["moon_walkers"]},
        {"zh": "来源", "sources": ["moon"]},
    ],
)
def test_a_group_needs_a_name_and_somebody_whom_the_community_knows(session: Session, told: dict[str, str]) -> None:
    place, _ = make.town(session)

    with pytest.raises(BadRule):
        reporter_groups.keep(session, place, None, **told)  # type: ignore[arg-type]

    assert len(names(session, place)) == 5


def test_a_place_without_a_group_is_refused(session: Session) -> None:
    place, _ = make.town(session)

    with pytest.raises(NotFound):
        reporter_groups.keep(session, place, 9, zh="商户", sources=["office"])
    with pytest.raises(NotFound):
        reporter_groups.drop(session, place, 9)


def test_there_are_at_most_twelve_groups(session: Session) -> None:
    place, _ = make.town(session)
    for number in range(7):
        reporter_groups.keep(session, place, None, zh=f"组{number}", sources=["office"])

    with pytest.raises(BadRule, match="12"):
        reporter_groups.keep(session, place, None, zh="第十三", sources=["office"])
