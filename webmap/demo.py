"""The sample town in a database of its own: built once, whole or not at all, with sign-ins for every role."""

import json
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session
from werkzeug.security import generate_password_hash

from data import users
from data.database import open_engine, open_session, upgrade
from data.models import Role
from patrols.sample_summary import Sentence, Summary, say_summary

DATABASE = "town.sqlite"
CARD = "card.json"


@dataclass(frozen=True)
class SignIn:
    """A made-up sign-in of the demo, printed when it starts."""

    login: str
    password: str
    role: str


@dataclass(frozen=True)
class Demo:
    """A built sample town: where its database is, who may sign in, what was done to build it, and its cookies' key."""

    database_url: str
    sign_ins: list[SignIn]
    summary: dict[str, Any]
    secret_key: str = field(repr=False)

    def sentences(self) -> list[Sentence]:
        """What was done to build it."""
        return say_summary(self.summary)


def prepare(folder: Path, *, at: datetime, say: Callable[[Sentence], None], rebuild: bool = False) -> Demo:
    """Open the demo in a folder, building it when it is not there.

    A build that is broken off leaves nothing that a later start would take for a town.

    Parameters
    ----------
    folder : Path
        Only the demo's; it is made when missing.
    at : datetime
        The present, aware: the simulated year ends here.
    say : callable
        Told each step while building.
    rebuild : bool
        Throw the old town away.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if rebuild:
        (folder / CARD).unlink(missing_ok=True)
    if not (folder / CARD).exists():
        _build(folder, at, say)
    card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    demo = Demo(
        database_url=f"sqlite:///{(folder / DATABASE).absolute()}",
        sign_ins=[SignIn(**row) for row in card["sign_ins"]],
        summary=card["summary"],
        secret_key=card["secret_key"],
    )
    upgrade(demo.database_url)
    return demo


def _build(folder: Path, at: datetime, say: Callable[[Sentence], None]) -> None:
    """Build beside, put in place at the end; the card is written last and says that all is there."""
    # Only a build needs what simulates a town; a start that finds one should not wait for it.
    from patrols import sample_town

    fresh = folder / f"{DATABASE}.new"
    _remove(fresh)
    _remove(folder / DATABASE)
    engine = open_engine(f"sqlite:///{fresh.absolute()}")
    upgrade(engine)
    with open_session(engine, writing=True) as session:
        summary = sample_town.build(session, at=at, say=say)
        sign_ins = _add_sign_ins(session, summary, at)
        session.commit()
    with engine.connect() as connection:
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    engine.dispose()
    os.replace(fresh, folder / DATABASE)
    card = {
        "sign_ins": [vars(sign_in) for sign_in in sign_ins],
        "summary": summary.as_dict(),
        "secret_key": secrets.token_hex(32),
    }
    _write_private(folder / CARD, json.dumps(card, ensure_ascii=False, indent=1, default=str))


def _add_sign_ins(session: Session, summary: Summary, at: datetime) -> list[SignIn]:
    """One sign-in a role. Passwords are made up for each demo, so that no two machines share one."""
    whole = [(summary.community_id, None)]
    wanted: list[tuple[str, Role, dict[str, Any]]] = [
        ("official", Role.OFFICIAL, {"places": whole}),
        ("manager", Role.GRID_MANAGER, {"places": whole, "person_id": summary.manager_id}),
        (
            "redcap",
            Role.GRID_WORKER,
            {"places": [(summary.community_id, summary.walker_grid)], "person_id": summary.walker_id},
        ),
        ("handler", Role.HANDLER, {"places": whole, "organisation_id": summary.organisation_id}),
        ("admin", Role.ADMINISTRATOR, {}),
    ]
    made = []
    for login, role, facts in wanted:
        password = f"{secrets.choice(_WORDS)}-{secrets.choice(_WORDS)}-{secrets.randbelow(9000) + 1000}"
        users.add_user(session, login=login, password_hash=generate_password_hash(password), role=role, at=at, **facts)
        made.append(SignIn(login, password, role.value))
    return made


_WORDS = ("lane", "gate", "court", "plum", "lotus", "bridge", "maple", "stone", "lantern", "river", "willow", "tower")


def _remove(database: Path) -> None:
    for name in (database.name, f"{database.name}-wal", f"{database.name}-shm"):
        database.with_name(name).unlink(missing_ok=True)


def _write_private(path: Path, words: str) -> None:
    """Write beside and rename, readable by this user alone: it holds passwords."""
    beside = path.with_suffix(".new")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(words)
    os.replace(beside, path)
