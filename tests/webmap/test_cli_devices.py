"""``gridpatrol device`` and ``gridpatrol fixes``: phones enrolled and revoked; patrols without a server."""

import json
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import make
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from data import fix_store
from data.database import open_engine, open_session
from data.fix_store import FixRow, Sending, Taken
from data.models import Device, DeviceStage, Patrol
from patrols.devices import hash_token
from webmap.cli import main

NOW_MS = int(datetime.now(UTC).timestamp() * 1000)
SIGNED = f"{datetime.now(ZoneInfo('Asia/Shanghai')) - timedelta(hours=2):%Y-%m-%d}"
"""The day on the paper: that of the fixes, or the day before."""


@pytest.fixture
def url(own_url: str) -> str:
    engine = open_engine(own_url)
    with open_session(engine, writing=True) as session:
        place, _ = make.town(session)
        make.person(session, place)
        session.commit()
    engine.dispose()
    return own_url


def run(url: str, *words: str) -> Result:
    return CliRunner().invoke(main, [*words, "--database", url], env={"GRIDPATROL_LANGUAGE": "en"})


def store(url: str, **who: str | None) -> Taken:
    begin = NOW_MS - 3_600_000
    fixes = [FixRow(begin + 10_000 * i, 40_000_300 + 90 * i, 116_300_500, 5.0) for i in range(10)]
    engine = open_engine(url)
    with engine.execution_options(writing=True).begin() as connection:
        (taken,) = fix_store.store(
            connection, [Sending(who.get("token"), who.get("identity"), "osmand", begin + 100_000, fixes)]
        )
    engine.dispose()
    return taken


def test_add_prints_a_token_that_opens_and_the_addresses_for_apps(url: str) -> None:
    done = run(url, "device", "add", "--person", "P001", "--root", "https://patrol.example.org")

    token = re.search(r"gp-[\w-]+", done.output)
    assert done.exit_code == 0, done.output
    assert token is not None
    assert f"https://patrol.example.org/track/{token[0]}?%ALL" in done.output
    assert store(url, token=hash_token(token[0])) is Taken.STORED


def test_a_phone_waits_is_listed_accepted_and_its_patrol_is_made(url: str) -> None:
    store(url, identity="902064")
    listed = json.loads(run(url, "device", "list", "--pending", "--json").output)
    assert [(row["identity"], row["stage"], row["fixes_sent"]) for row in listed] == [("902064", "pending", 10)]

    accepted = run(url, "device", "accept", str(listed[0]["number"]), "--person", "P001")
    assert run(url, "privacy", "agree", "P001", "--version", "1", "--on", SIGNED).exit_code == 0
    derived = run(url, "fixes", "derive")

    assert accepted.exit_code == derived.exit_code == 0, accepted.output + derived.output
    engine = open_engine(url)
    with open_session(engine) as session:
        assert session.scalars(select(Patrol.fixes_kept)).all() == [10]
    engine.dispose()


def test_revoke_takes_nothing_more(url: str) -> None:
    store(url, identity="902064")
    number = json.loads(run(url, "device", "list", "--json").output)[0]["number"]

    assert run(url, "device", "revoke", str(number)).exit_code == 0

    assert store(url, identity="902064") is Taken.REVOKED
    engine = open_engine(url)
    with open_session(engine) as session:
        assert session.scalars(select(Device.stage)).all() == [DeviceStage.REVOKED]
    engine.dispose()


def test_a_phone_that_is_not_there_is_wrong_use(url: str) -> None:
    done = run(url, "device", "revoke", "77")

    assert done.exit_code == 2
    assert "77" in done.output
