"""What the volunteers' page is made of: its words, its modules by name, and the files that a phone keeps."""

import hashlib
from pathlib import Path
from typing import Any

from flask import json, url_for

from webmap.language import gettext
from webmap.maps.style import data_block
from webmap.walk.page_words import WORDS

SCRIPTS = Path(__file__).parents[1] / "static" / "js" / "walk"
FOLDER = "js/walk"
OTHERS = (
    "css/tokens.css",
    "css/walk.css",
    "img/red-cap.svg",
    "img/walk-192.png",
    "vendor/leaflet/leaflet.css",
    "vendor/leaflet/leaflet.js",
)
"""The files of the page beside its own modules."""


def of_page() -> dict[str, Any]:
    """What the page's template needs: the words of its scripts in the reader's language, and the modules by name."""
    named = {f"walk/{name}": _address(f"{FOLDER}/{name}") for name in _modules()}
    return {
        "data": data_block("walk-data", {"words": {name: gettext(template) for name, template in WORDS.items()}}),
        "modules": json.dumps({"imports": named}),
    }


def of_worker() -> dict[str, Any]:
    """What the worker's template needs: every file with its version, and a word that changes with any of them."""
    files = [_address(name) for name in (*OTHERS, *(f"{FOLDER}/{name}" for name in _modules()))]
    version = hashlib.sha256("\n".join(files).encode()).hexdigest()[:12]
    return {
        "files": files,
        "version": version,
        "queue": _address(f"{FOLDER}/queue.js"),
        "sending": _address(f"{FOLDER}/sending.js"),
    }


def _modules() -> list[str]:
    return sorted(path.name for path in SCRIPTS.glob("*.js"))


def _address(name: str) -> str:
    """A file's address with its version: a phone never mixes files of two releases."""
    return url_for("static", filename=name)
