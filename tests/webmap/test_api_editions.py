"""Editions over the API: what one changes, and its way into force, by a program."""

import make
import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from visit import AWAY, HOME, PASSWORD, Town

from data.database import open_session
from data.models import Community, EditionStage, GridEdition

MANAGER, BOSS = ("manager", PASSWORD), ("admin", PASSWORD)
DRAFT = f"/api/editions/{HOME}/2"


@pytest.fixture
def draft(town_engine: Engine, town: Town) -> Town:
    """A draft in which the two western grids of the north are one."""
    joined = make.degrees_square(0, 1).union(make.degrees_square(1, 1))
    shapes = {"001": joined, "003": make.degrees_square(2, 1)}
    shapes |= {f"00{n + 4}": make.degrees_square(n) for n in range(3)}
    with open_session(town_engine, writing=True) as session:
        place = session.scalars(select(Community).where(Community.code == HOME)).one()
        grids = {f"{HOME}{code}": shape for code, shape in shapes.items()}
        make.edition(session, place, grids, number=2, stage=EditionStage.DRAFT, valid_from=None)
        session.commit()
    return town


@pytest.mark.usefixtures("draft")
def test_a_program_takes_a_draft_into_force(client: FlaskClient) -> None:
    reasons = [{"grid_code": f"{HOME}002", "reason": "并入001"}]
    told = {"move": "submit", "seen": 0, "reasons": reasons}
    submitted = client.post(f"{DRAFT}/steps", json=told, auth=MANAGER)
    too_early = client.post(f"{DRAFT}/steps", json={"move": "adopt"}, auth=MANAGER)
    reviewed = client.post(f"{DRAFT}/steps", json={"move": "review"}, auth=BOSS)
    adoption = {"move": "adopt", "valid_from": "2026-12-01", "filing_number": "2号", "note": "同意"}
    adopted = client.post(f"{DRAFT}/steps", json=adoption, auth=BOSS)

    assert [one.status_code for one in (submitted, too_early, reviewed, adopted)] == [201, 403, 201, 201], adopted.text
    assert submitted.json["next_steps"] == []
    assert adopted.json["valid_from"] == "2026-12-01"
    assert adopted.json["next_steps"] == ["recall"]
    assert [(one["move"], one["note"]) for one in adopted.json["steps"]] == [
        ("submit", ""),
        ("review", ""),
        ("adopt", "同意"),
    ]
    listed = client.get("/api/editions", auth=MANAGER).json
    assert [(one["number"], one["stage"], one["valid_until"]) for one in listed] == [
        (2, "adopted", None),
        (1, "adopted", "2026-12-01"),
    ]


@pytest.mark.usefixtures("draft")
def test_the_preview_tells_every_grid_before_and_after(client: FlaskClient) -> None:
    told = client.get(f"{DRAFT}/preview", auth=MANAGER).json

    grids = {one["grid_code"]: one for one in told["grids"]}
    assert (told["edition"], told["against"]) == (2, 1)
    assert [grids[f"{HOME}00{n}"]["change"] for n in (1, 2, 3)] == ["merged", "voided", "kept"]
    assert grids[f"{HOME}002"]["after"] is None
    assert [grids[f"{HOME}001"][side]["open_incidents"] for side in ("before", "after")] == [1, 2]
    assert grids[None]["after"]["households"] == 0
    assert [(one["from_code"], one["to_code"], one["open_incidents"]) for one in told["moves"]] == [
        (f"{HOME}002", f"{HOME}001", 1)
    ]
    assert told["before"] == told["after"]


@pytest.mark.usefixtures("draft")
def test_a_step_that_may_not_follow_and_a_stale_draft_are_told_apart(client: FlaskClient) -> None:
    stale = client.post(f"{DRAFT}/steps", json={"move": "submit", "seen": 3}, auth=MANAGER)
    wrong = client.post(f"{DRAFT}/steps", json={"move": "review"}, auth=BOSS)

    assert stale.json["type"] == "urn:gridpatrol:problem:conflict"
    assert wrong.json["type"] == "urn:gridpatrol:problem:edition-step-refused"
    assert wrong.json["detail"] == "Edition 2 is draft: the step Approve after review may not follow."


@pytest.mark.usefixtures("draft")
def test_what_was_changed_after_it_was_seen_is_neither_reviewed_nor_adopted(
    client: FlaskClient, town_engine: Engine
) -> None:
    reasons = [{"grid_code": f"{HOME}002", "reason": "并入001"}]
    client.post(f"{DRAFT}/steps", json={"move": "submit", "reasons": reasons}, auth=MANAGER)
    with open_session(town_engine, writing=True) as session:
        for edition in session.scalars(select(GridEdition).where(GridEdition.number == 2)):
            edition.revision = 5
        session.commit()

    stale = client.post(f"{DRAFT}/steps", json={"move": "review", "seen": 0}, auth=BOSS)
    seen = client.post(f"{DRAFT}/steps", json={"move": "review", "seen": 5}, auth=BOSS)
    adoption = {"move": "adopt", "valid_from": "2026-12-01", "filing_number": "2号", "seen": 0}
    blind = client.post(f"{DRAFT}/steps", json=adoption, auth=BOSS)

    assert [one.status_code for one in (stale, seen, blind)] == [409, 201, 409]
    assert "changed the draft first" in blind.json["detail"]


@pytest.mark.usefixtures("draft")
def test_a_draft_is_discarded_by_who_has_seen_it_and_brought_back(client: FlaskClient) -> None:
    address = f"/api/drafts/{HOME}/2"

    unsaid = client.delete(address, auth=MANAGER)
    stale = client.delete(address, headers={"If-Match": '"7"'}, auth=MANAGER)
    gone = client.delete(address, headers={"If-Match": '"0"'}, auth=MANAGER)
    twice = client.delete(address, headers={"If-Match": '"0"'}, auth=MANAGER)
    listed = client.get("/api/drafts", auth=MANAGER).json
    back = client.post(f"{DRAFT}/steps", json={"move": "bring_back"}, auth=MANAGER)

    assert [one.status_code for one in (unsaid, stale, gone, twice, back)] == [428, 412, 200, 409, 201]
    assert gone.json["stage"] == "discarded"
    assert listed == []
    assert back.json["stage"] == "draft"
    assert [one["move"] for one in back.json["steps"]] == ["discard", "bring_back"]


def test_a_neighbours_editions_and_unknown_ones_are_not_there(client: FlaskClient) -> None:
    assert client.get(f"/api/editions/{AWAY}/1", auth=MANAGER).status_code == 403
    assert client.get(f"/api/editions/{HOME}/{10**30}", auth=MANAGER).status_code == 404
    assert client.get(f"/api/editions/{HOME}/1/preview?against=9", auth=MANAGER).status_code == 404
