"""Sign-ins: found by their login, added once."""

from datetime import UTC, datetime

import make
import pytest
from sqlalchemy.orm import Session

from data.errors import Conflict
from data.models import Role
from data.users import add_user, find_user

AT = datetime(2026, 11, 22, tzinfo=UTC)


def test_a_sign_in_is_found_whatever_the_capitals(session: Session) -> None:
    added = add_user(session, login=" Wang ", password_hash="#", role=Role.OFFICIAL, at=AT)

    assert find_user(session, "wang") is added
    assert find_user(session, "WANG ") is added
    assert find_user(session, "wan") is None


def test_the_same_login_twice_is_a_conflict(session: Session) -> None:
    add_user(session, login="wang", password_hash="#", role=Role.OFFICIAL, at=AT)

    with pytest.raises(Conflict, match="named WANG"):
        add_user(session, login="WANG", password_hash="#", role=Role.HANDLER, at=AT)


def test_places_become_scopes(session: Session) -> None:
    place, _edition = make.town(session)

    user = add_user(
        session,
        login="wang",
        password_hash="#",
        role=Role.GRID_WORKER,
        at=AT,
        places=[(place.id, f"{place.code}001"), (place.id, f"{place.code}002")],
    )

    assert [scope.grid_code for scope in user.scopes] == [f"{place.code}001", f"{place.code}002"]
