"""Options that several commands share, and the database behind ``--database``."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from data.errors import DatabaseUnavailable
from data.settings import Settings, parse_url
from geo.errors import N_, UnknownDatum
from webmap.cli import speech

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

existing_file = click.Path(exists=True, dir_okay=False, path_type=Path)
new_file = click.Path(dir_okay=False, path_type=Path)

json_option = click.option("--json", "as_json", is_flag=True, help=N_("Print the figures as JSON."))
out_option = click.option("--out", type=new_file, required=True, help=N_("File to write; its ending says the format."))
database_option = click.option(
    "--database", metavar="URL", help=N_("sqlite:///file or postgresql://user@host/name; else GRIDPATROL_DATABASE_URL.")
)
community_option = click.option(
    "--community", metavar="CODE", help=N_("12-digit code; may be left out where the database holds one community.")
)


PLAIN = "wgs84"
"""The datum of files of which nothing else is said."""


class Datum(click.ParamType[str]):
    """One of the names of `geo.datum`."""

    name = "DATUM"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        name = str(value).lower()
        if name == PLAIN:
            return name
        from geo.datum import require_datum  # what it takes to know all datums takes a while to be brought in

        try:
            return require_datum(name)
        except UnknownDatum as fault:
            self.fail(speech.tell(fault), param, ctx)


datum_option = click.option(
    "--datum",
    type=Datum(),
    default=PLAIN,
    show_default=True,
    help=N_(
        "What the file's places are written in: wgs84, cgcs2000, gcj02, bd09 (degrees), bd09mc (Baidu's metres), "
        "gk3-117e or gk3-zone39 (metres of a 3-degree zone, by its meridian or with its number in front)."
    ),
)
crs_option = click.option(
    "--crs", metavar="EPSG:CODE", help=N_("Coordinate system of a file that names none, such as EPSG:4549.")
)


class Band(click.ParamType[tuple[int, int]]):
    """Two whole numbers with a colon: ``150:500``."""

    name = "MIN:MAX"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        if isinstance(value, tuple):
            return value
        low, colon, high = str(value).partition(":")
        if not (colon and low.isdecimal() and high.isdecimal() and 0 < int(low) <= int(high)):
            from webmap.cli import _

            self.fail(_("%(value)r is no band; write it like 150:500") % {"value": value}, param, ctx)
        return int(low), int(high)


households_option = click.option(
    "--households", type=Band(), default="150:500", show_default=True, help=N_("Households wished in each grid.")
)


def storage(database: str | None) -> Settings:
    """The settings of this run, with ``--database`` before the environment."""
    settings = Settings.from_env()
    return replace(settings, database_url=parse_url(database)) if database else settings


def open_database(database: str | None) -> "Engine":
    """Open the database of this run; make the folder of a new embedded one."""
    # Brought in here: commands from file to file start without a database.
    from data.database import open_engine

    settings = storage(database)
    engine = open_engine(settings.database_url)
    if engine.dialect.name == "sqlite" and engine.url.database not in (None, "", ":memory:"):
        Path(str(engine.url.database)).parent.mkdir(parents=True, exist_ok=True)
    return engine


@contextmanager
def database_session(database: str | None, *, writing: bool = False) -> "Iterator[Session]":
    """A session on a database that is up to date; what is done in it is stored at the end, or not at all.

    Raises
    ------
    DatabaseUnavailable
        The tables are missing or of another version.
    """
    from data.database import is_at_head, open_session

    engine = open_database(database)
    try:
        if not is_at_head(engine):
            raise DatabaseUnavailable(N_("The database is empty or of another version. Type: gridpatrol db init"))
        with open_session(engine, writing=writing) as session:
            yield session
            if writing:
                session.commit()
    finally:
        engine.dispose()


def now() -> datetime:
    """The present, aware: the one place where commands ask the clock."""
    return datetime.now(UTC)
