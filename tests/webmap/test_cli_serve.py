"""The server as it is really started: a process of its own, spoken to over its port."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest

MEGABYTE = 1024 * 1024


@pytest.fixture
def left_behind(tmp_path: Path) -> Path:
    """What an earlier server of this instance made, long ago."""
    (tmp_path / "made").mkdir()
    file = tmp_path / "made" / "old.pdf"
    file.write_text("made")
    os.utime(file, (0, 0))
    return file


@pytest.fixture
def port(spatialite_url: str, tmp_path: Path, left_behind: Path) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free: int = probe.getsockname()[1]
    env = {
        **os.environ,
        "GRIDPATROL_DATABASE_URL": spatialite_url,
        "GRIDPATROL_INSTANCE": str(tmp_path),
        "GRIDPATROL_SECRET_KEY": "a key for this test only, of some length",
    }
    server = subprocess.Popen([Path(sys.executable).with_name("gridpatrol"), "serve", "--port", str(free)], env=env)
    try:
        wait_until_it_answers(free, server)
        yield free
    finally:
        server.terminate()
        server.wait(timeout=30)


def wait_until_it_answers(port: int, server: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        assert server.poll() is None, "the server stopped"
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the server never answered")


def status(port: int, path: str) -> int:
    with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("GET", path)
        return connection.getresponse().status


def test_an_upload_of_200_mb_is_refused_and_the_server_goes_on(port: int) -> None:
    with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.putrequest("POST", "/patrols/upload")
        connection.putheader("Content-Type", "multipart/form-data; boundary=x")
        connection.putheader("Content-Length", str(200 * MEGABYTE))
        connection.endheaders()
        sent = 0
        try:
            for _ in range(200):
                connection.send(bytes(MEGABYTE))
                sent += 1
        except (BrokenPipeError, ConnectionResetError):
            pass  # it hung up before it had read everything, as it should
        assert sent < 200 or connection.getresponse().status == 413

    assert status(port, "/healthz") == 200


def test_what_an_earlier_server_made_is_thrown_away_at_the_start(port: int, left_behind: Path) -> None:
    assert status(port, "/healthz") == 200
    assert not left_behind.exists()


def test_a_port_that_is_taken_is_said_before_any_work(port: int, tmp_path: Path) -> None:
    command = [Path(sys.executable).with_name("gridpatrol"), "demo", "--port", str(port)]
    env = {**os.environ, "GRIDPATROL_INSTANCE": str(tmp_path / "other"), "GRIDPATROL_LANGUAGE": "en"}

    answer = subprocess.run(command, env=env, capture_output=True, text=True, check=False)

    assert answer.returncode == 2
    assert "--port" in answer.stderr
    assert not (tmp_path / "other").exists()
