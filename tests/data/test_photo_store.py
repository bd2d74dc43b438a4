"""Files of photos: whole or not there, the same picture once, nothing outside of their folder."""

import os
import time
from pathlib import Path

import pytest

from data.photo_store import LEFT_OVER_S, PhotoStore


def test_the_same_picture_twice_is_one_file(tmp_path: Path) -> None:
    store = PhotoStore(tmp_path)

    first, again, other = store.put(b"one", b"1"), store.put(b"one", b"1"), store.put(b"two", b"2")

    assert first == again != other
    assert (store.path(first).read_bytes(), store.path(first, small=True).read_bytes()) == (b"one", b"1")
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 4


def test_a_name_that_is_none_of_ours_leads_nowhere(tmp_path: Path) -> None:
    for name in ("../../etc/passwd", "", "a" * 63, "A" * 64, "a" * 64 + "/x"):
        with pytest.raises(ValueError, match="no name"):
            PhotoStore(tmp_path).path(name)


def test_a_file_that_could_not_be_written_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError("no space left on the disk")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        PhotoStore(tmp_path).put(b"one", b"1")

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_only_old_files_that_no_row_knows_are_swept(tmp_path: Path) -> None:
    store = PhotoStore(tmp_path)
    known, old, new = store.put(b"known", b"k"), store.put(b"old", b"o"), store.put(b"new", b"n")
    for name in (known, old):
        for small in (False, True):
            os.utime(store.path(name, small=small), (time.time() - 2 * LEFT_OVER_S,) * 2)

    gone = store.sweep({known})

    assert gone == 2
    assert (store.path(known).exists(), store.path(old).exists(), store.path(new).exists()) == (True, False, True)


def test_nothing_is_swept_for_rows_that_belong_to_another_folder(tmp_path: Path) -> None:
    store = PhotoStore(tmp_path)
    name = store.put(b"one", b"1")
    for small in (False, True):
        os.utime(store.path(name, small=small), (time.time() - 2 * LEFT_OVER_S,) * 2)

    assert [store.sweep(set()), store.sweep({"a" * 64})] == [0, 0]
    assert store.path(name).exists()


def test_dropping_twice_changes_nothing(tmp_path: Path) -> None:
    store = PhotoStore(tmp_path)
    name = store.put(b"one", b"1")

    store.drop(name)
    store.drop(name)

    assert not store.path(name).exists()
