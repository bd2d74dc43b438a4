"""A private PostgreSQL server for one test run: its own folder, its own socket, no port, nothing installed."""

import glob
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

# Rows of a test run need not survive a power cut, and every other saving of time counts.
FAST = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off -c max_connections=60"


def find_binaries() -> Path | None:
    """Return the folder of the newest initdb with its server beside it, or None when PostgreSQL is not installed."""
    folders = [*glob.glob("/usr/lib/postgresql/*/bin"), *glob.glob("/usr/pgsql-*/bin"), "/opt/homebrew/bin"]
    folders = sorted((one for one in folders if (Path(one) / "initdb").exists()), key=_version, reverse=True)
    if found := shutil.which("initdb"):
        folders.append(str(Path(found).resolve().parent))
    return Path(folders[0]) if folders else None


@contextmanager
def private_server() -> Iterator[str]:
    """Start a server in a temporary folder and yield its socket's folder; stop and delete it afterwards."""
    binaries = find_binaries()
    if binaries is None:
        raise FileNotFoundError(
            "PostgreSQL is not installed: apt-get install postgresql postgis postgresql-15-postgis-3"
        )
    # Not pytest's own temporary folder: that is closed to the user whom PostgreSQL insists on running as.
    folder = Path(tempfile.mkdtemp(prefix="gridpatrol-pg-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        _run(
            binaries / "initdb",
            "-D",
            folder / "data",
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "-N",
        )
        options = f"{FAST} -c listen_addresses='' -c unix_socket_directories='{folder}'"
        _run(binaries / "pg_ctl", "-D", folder / "data", "-l", folder / "log", "-w", "-o", options, "start")
        try:
            yield str(folder)
        finally:
            _run(binaries / "pg_ctl", "-D", folder / "data", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def url_of(socket_folder: str, database: str) -> str:
    """Return SQLAlchemy's address of a database of the private server."""
    return f"postgresql+psycopg://postgres@/{database}?host={socket_folder}"


def create_database(socket_folder: str, database: str, *, template: str = "template1") -> str:
    """Create a database, a copy of `template`, and return its address."""
    execute(socket_folder, f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
    return url_of(socket_folder, database)


def drop_database(socket_folder: str, database: str) -> None:
    """Drop a database, also from under connections that a failed test left open."""
    execute(socket_folder, f'DROP DATABASE "{database}" WITH (FORCE)')


def execute(socket_folder: str, statement: str, *, database: str = "postgres") -> None:
    """Run one statement outside any transaction."""
    with psycopg.connect(host=socket_folder, user="postgres", dbname=database, autocommit=True) as connection:
        connection.execute(statement)


def _run(*words: object) -> None:
    command = [str(word) for word in words]
    if os.geteuid() == 0:
        command = ["runuser", "-u", "postgres", "--", *command]
    # pg_ctl's server inherits the output: a pipe would never close, so the output goes to a file.
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, cwd="/", check=False)
        if done.returncode:
            output.seek(0)
            raise RuntimeError(f"{' '.join(command)} failed:\n{output.read()}")


def _version(folder: str) -> float:
    digits = "".join(character for character in folder if character.isdigit() or character == ".").strip(".")
    return float(digits) if digits.replace(".", "", 1).isdigit() else 0.0
