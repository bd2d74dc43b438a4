"""Offices that a community passes incidents to."""

import make
import pytest
from sqlalchemy.orm import Session

from data.errors import Conflict
from patrols import offices
from patrols.errors import BadRule


def test_an_office_is_entered_and_corrected(session: Session) -> None:
    place, _ = make.town(session)
    entered = offices.keep(session, place, "  环卫  所 ", code="1" * 18, in_community=False)

    corrected = offices.keep(session, place, "环卫站", in_community=True, office=entered)

    assert corrected is entered
    assert (entered.name, entered.code, entered.in_community) == ("环卫站", "", True)


@pytest.mark.parametrize("told", [{"name": " "}, {"name": "物业", "code": "1" * 19}, {"name": "物业", "code": "9-1"}])
def test_an_office_needs_a_name_and_a_code_of_digits_and_letters(session: Session, told: dict[str, str]) -> None:
    place, _ = make.town(session)

    with pytest.raises(BadRule):
        offices.keep(session, place, **told)


@pytest.mark.parametrize("told", [{"name": "环卫所"}, {"name": "别的", "code": "1" * 18}])
def test_two_offices_share_neither_name_nor_code(session: Session, told: dict[str, str]) -> None:
    place, _ = make.town(session)
    offices.keep(session, place, "环卫所", code="1" * 18)
    offices.keep(session, place, "物业")

    with pytest.raises(Conflict, match="环卫所"):
        offices.keep(session, place, **told)


def test_an_office_of_another_community_is_left_alone(session: Session) -> None:
    place, _ = make.town(session)
    elsewhere = make.community(session, code="620102001002")
    theirs = offices.keep(session, elsewhere, "环卫所")

    with pytest.raises(BadRule, match="no office of"):
        offices.keep(session, place, "环卫站", office=theirs)

    assert theirs.name == "环卫所"
