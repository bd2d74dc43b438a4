"""Files made beside the requests: whole or not there at all, and swept away in time, also those of a stopped server."""

import os
import time
from pathlib import Path

import pytest
from flask import Flask

from data.errors import NotFound
from webmap import kept_files


@pytest.fixture
def folder(app: Flask) -> Path:
    place: Path = app.config["WEB"].storage.instance / "made"
    return place


def test_a_file_comes_into_its_place_when_it_is_whole(app: Flask, folder: Path) -> None:
    seen: list[list[Path]] = []

    def write(path: Path) -> None:
        path.write_text("half")
        seen.append([one for one in folder.iterdir() if one.is_file()])
        path.write_text("whole")

    with app.app_context():
        kept = kept_files.keep(".html", write)

    assert seen == [[]]
    assert (kept.parent, kept.suffix, kept.read_text()) == (folder, ".html", "whole")
    assert [one.name for one in folder.iterdir()] == [kept.name]


def test_nothing_is_left_of_a_file_that_could_not_be_written(app: Flask, folder: Path) -> None:
    def fails(path: Path) -> None:
        path.write_text("half")
        raise OSError("disk full")

    with app.app_context(), pytest.raises(OSError, match="disk full"):
        kept_files.keep(".html", fails)

    assert list(folder.iterdir()) == []


def test_what_a_stopped_server_left_is_swept_away_by_the_next_file(app: Flask, folder: Path) -> None:
    with app.app_context():
        old, young = (kept_files.keep(".html", lambda path: path.write_text("x")) for _ in range(2))
        half = folder / "left-half"
        half.mkdir()
        (half / "half.pdf").write_text("half")
        long_ago = time.time() - kept_files.SWEPT_S - 1
        for one in (old, half):
            os.utime(one, (long_ago, long_ago))
        new = kept_files.keep(".html", lambda path: path.write_text("x"))

    assert {one.name for one in folder.iterdir()} == {young.name, new.name}


def test_a_server_that_starts_throws_away_what_nobody_can_ask_for(app: Flask, folder: Path) -> None:
    kept_files.sweep_at_start(app)
    assert not folder.exists()
    with app.app_context():
        old, young = (kept_files.keep(".html", lambda path: path.write_text("x")) for _ in range(2))
    long_ago = time.time() - kept_files.SWEPT_S - 1
    os.utime(old, (long_ago, long_ago))

    kept_files.sweep_at_start(app)

    assert [one.name for one in folder.iterdir()] == [young.name]


def test_only_this_account_of_the_machine_reads_them(app: Flask, folder: Path) -> None:
    with app.app_context():
        kept_files.keep(".html", lambda path: path.write_text("x"))

    assert folder.stat().st_mode & 0o077 == 0


def test_a_file_that_is_gone_says_so(app: Flask, folder: Path) -> None:
    with app.test_request_context(), pytest.raises(NotFound):
        kept_files.hand_over(folder / "gone.pdf", "figures.pdf")
