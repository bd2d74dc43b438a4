"""Folders for what is needed for a while: nobody else reads them, and none is left."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from data.exchange.scratch import SURELY_LOCKED_S, scratch_folder

ROOT = Path(__file__).parents[3]
WAITING = """
import sys
from pathlib import Path
from data.exchange.scratch import scratch_folder
with scratch_folder(Path(sys.argv[1])) as folder:
    (folder / "fixes").write_text("116.3 39.9")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other(tmp_path: Path) -> subprocess.Popen[str]:
    """A process that has a folder there, with something in it."""
    command = [sys.executable, "-c", WAITING, str(tmp_path)]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def aged(folder: Path) -> Path:
    """The folder as it looks some time later."""
    then = folder.stat().st_mtime - SURELY_LOCKED_S - 1
    os.utime(folder, (then, then))
    return folder


def test_only_its_owner_reads_a_folder_and_it_is_gone_in_the_end(tmp_path: Path) -> None:
    with scratch_folder(tmp_path) as folder:
        (folder / "fixes").write_text("116.3 39.9")
        mode = stat.S_IMODE(folder.stat().st_mode)

    assert mode == 0o700
    assert not list(tmp_path.iterdir())


def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path: Path, other: subprocess.Popen[str]) -> None:
    with other:
        left = Path(other.stdout.readline().strip())
        other.send_signal(signal.SIGKILL)
    assert (left / "fixes").exists()
    aged(left)

    with scratch_folder(tmp_path):
        gone = not left.exists()

    assert gone


def test_a_folder_in_use_stays_however_old_it_is(tmp_path: Path, other: subprocess.Popen[str]) -> None:
    with other:
        used = aged(Path(other.stdout.readline().strip()))

        with scratch_folder(tmp_path):
            kept = (used / "fixes").exists()

        other.stdin.close()

    assert kept
    assert not used.exists()


def test_a_folder_just_made_may_be_somebodys(tmp_path: Path) -> None:
    fresh = tmp_path / ".gridpatrol-new"
    fresh.mkdir()

    with scratch_folder(tmp_path):
        pass

    assert fresh.exists()


def test_a_link_called_like_a_folder_is_not_followed(tmp_path: Path) -> None:
    aside = tmp_path / "aside"
    aside.mkdir()
    (aside / "kept").write_text("kept")
    aged(aside)
    place = tmp_path / "place"
    place.mkdir()
    (place / ".gridpatrol-link").symlink_to(aside)

    with scratch_folder(place):
        pass

    assert (aside / "kept").exists()
