"""Machine settings of the storage: read once from the environment, handed on as values."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from data.errors import BadSetting
from geo.errors import N_

BACKENDS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
"""The two databases, by the first word of their address, with the driver that is used."""


@dataclass(frozen=True)
class Settings:
    """Where this installation keeps its data.

    Parameters
    ----------
    database_url : str
        Address of the database: ``sqlite:///path`` (SpatiaLite) or ``postgresql://user:password@host/name`` (PostGIS).
        From ``GRIDPATROL_DATABASE_URL``; default: the file ``gridpatrol.sqlite`` in `instance`.
    instance : Path
        Folder of what belongs to this installation alone: the embedded database, uploads, keys. From
        ``GRIDPATROL_INSTANCE``; default ``./instance``. Always absolute, so that a later change of the working folder
        does not open a second, empty database.
    """

    database_url: str = field(repr=False)
    instance: Path

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read the settings from environment variables; an empty variable counts as unset.

        Parameters
        ----------
        environ : mapping, optional
            Read instead of the process's environment.

        Raises
        ------
        BadSetting
            When the address cannot be parsed or names neither of the two databases, or when the instance is a file.

        Examples
        --------
        >>> Settings.from_env({"GRIDPATROL_INSTANCE": "/srv/patrol"}).database_url
        'sqlite:////srv/patrol/gridpatrol.sqlite'
        >>> Settings.from_env({"GRIDPATROL_DATABASE_URL": "postgresql://db/town"}).database_url
        'postgresql+psycopg://db/town'
        """
        environ = os.environ if environ is None else environ
        instance = Path(environ.get("GRIDPATROL_INSTANCE", "").strip() or "instance").expanduser().absolute()
        if instance.exists() and not instance.is_dir():
            raise BadSetting(N_("GRIDPATROL_INSTANCE must name a folder, but %(path)s is a file."), path=str(instance))
        url = environ.get("GRIDPATROL_DATABASE_URL", "").strip() or f"sqlite:///{instance}/gridpatrol.sqlite"
        return cls(database_url=parse_url(url), instance=instance)


def parse_url(url: str) -> str:
    """Return the address with the driver that this program uses, or say what is wrong with it.

    The password never appears in the refusal: it would end up in logs.

    Raises
    ------
    BadSetting
        When the address cannot be parsed or names neither SpatiaLite nor PostGIS.

    Examples
    --------
    >>> parse_url("postgres://patrol:secret@localhost/patrol")
    'postgresql+psycopg://patrol:secret@localhost/patrol'
    """
    from sqlalchemy.engine import make_url  # only who has a database waits for it
    from sqlalchemy.exc import ArgumentError

    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise BadSetting(
            N_(
                "The database address cannot be read. Write sqlite:///path/to/file.sqlite or"
                " postgresql://user:password@host/name (special characters of the password percent-encoded)."
            )
        ) from None
    backend = parsed.drivername.partition("+")[0]
    if backend not in BACKENDS:
        raise BadSetting(
            N_("%(backend)s is not a database this program can use. Choose sqlite:///... or postgresql://..."),
            backend=backend,
        )
    return parsed.set(drivername=BACKENDS[backend]).render_as_string(hide_password=False)
