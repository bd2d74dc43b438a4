"""The wheel carries everything that an installation needs, and nothing that belongs to a machine."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("wheel")
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        str(folder),
    ]
    subprocess.run([*command, str(CHECKOUT)], check=True, capture_output=True)
    (wheel,) = folder.glob("gridpatrol-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.mark.parametrize(
    "name",
    [
        "webmap/static/vendor/leaflet/leaflet.js",
        "webmap/static/vendor/leaflet/LICENSE",
        "webmap/static/vendor/leaflet.markercluster/leaflet.markercluster.js",
        "webmap/static/css/tokens.css",
        "webmap/templates/map.html",
        "webmap/translations/zh/LC_MESSAGES/messages.mo",
        "data/migrations/env.py",
        "data/sample/streets.geojson",
        "data/sample/LICENCE-ODbL.txt",
    ],
)
def test_the_wheel_carries(names: set[str], name: str) -> None:
    assert name in names


def test_the_wheel_leaves_tests_packages_of_npm_and_databases_out(names: set[str]) -> None:
    assert [name for name in names if "node_modules" in name or name.startswith(("tests/", "instance/", "."))] == []
    assert [name for name in names if name.endswith((".sqlite", ".pyc", ".nbi", ".nbc"))] == []
