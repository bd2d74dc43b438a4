"""The layers hold, and the check that says so can fail."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import data

CHECKOUT = Path(__file__).resolve().parent.parent
LAYERS = ["geo", "data", "patrols", "webmap"]


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    command = Path(sys.executable).with_name("lint-imports")
    return subprocess.run([command, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False)


def copy_of_the_checkout(folder: Path) -> Path:
    for layer in LAYERS:
        shutil.copytree(
            CHECKOUT / layer, folder / layer, ignore=shutil.ignore_patterns("static", "__pycache__", "*.gpkg")
        )
    shutil.copy(CHECKOUT / "pyproject.toml", folder)
    return folder


def test_every_layer_imports_only_those_below_it() -> None:
    answer = lint_imports(CHECKOUT)

    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "4 kept, 0 broken" in answer.stdout


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("geo/planted.py", "import data.errors"),
        ("geo/planted.py", "import sqlalchemy"),
        ("data/planted.py", "import patrols.errors"),
        ("patrols/planted.py", "import flask"),
        ("patrols/planted.py", "import dask"),
        ("webmap/planted.py", "import distributed"),
    ],
)
def test_a_planted_wrong_import_is_found(tmp_path: Path, module: str, line: str) -> None:
    folder = copy_of_the_checkout(tmp_path)
    (folder / module).write_text(f'"""Planted."""\n\n{line}\n')

    answer = lint_imports(folder)

    assert answer.returncode == 1, answer.stdout + answer.stderr


def test_the_tests_try_this_checkout() -> None:
    assert data.__file__ is not None
    assert Path(data.__file__).resolve().parent == CHECKOUT / "data"
