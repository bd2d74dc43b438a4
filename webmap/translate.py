"""Keeps the catalogues: every sentence of the program collected, the translations of those that stayed kept.

Run ``python -m webmap.translate`` after changing a sentence; then translate what is new in
``webmap/translations/zh/LC_MESSAGES/messages.po``.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from webmap.catalogues import CATALOGUES, compile_catalogues

ROOT = Path(__file__).parent.parent
LAYERS = ("geo", "data", "patrols", "webmap")
METHODS = [("**/static/**", "ignore"), ("**.py", "python"), ("**/templates/**.html", "jinja2")]
OPTIONS = {"**/templates/**.html": {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}}
WIDTH = 120
HEADER = "# Translations of gridpatrol. Sentences are collected by: python -m webmap.translate"
DATE = datetime(2026, 11, 22, tzinfo=UTC)


def collect() -> Catalog:
    """Every sentence that is marked in the four layers, with the files it stands in."""
    found = Catalog(project="gridpatrol", charset="utf-8")
    for layer in LAYERS:
        for file, _line, text, comments, context in extract_from_dir(ROOT / layer, METHODS, OPTIONS):
            found.add(text, locations=[(f"{layer}/{file}", None)], auto_comments=comments, context=context)  # type: ignore[list-item]
    return found


def catalogue_path(language: str) -> Path:
    """Where the translations into a language are."""
    return CATALOGUES / language / "LC_MESSAGES" / "messages.po"


def read_catalogue(language: str) -> Catalog:
    """The translations into a language as they are stored."""
    with catalogue_path(language).open("rb") as file:
        return read_po(file, locale=language)


def update(language: str) -> Catalog:
    """Bring the stored translations in step with the program: new sentences empty, vanished ones gone, none guessed."""
    path = catalogue_path(language)
    stored = read_catalogue(language) if path.exists() else Catalog(locale=language, project="gridpatrol")
    stored.update(collect(), no_fuzzy_matching=True)
    stored.obsolete.clear()
    stored.header_comment = HEADER
    # A date that changes with every run would be a change of the file that says nothing.
    stored.creation_date = stored.revision_date = DATE
    stored.version, stored.last_translator, stored.msgid_bugs_address = "", "gridpatrol", ""
    stored.language_team, stored.fuzzy = language, False
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, stored, width=WIDTH, sort_output=True, omit_header=False)
    return stored


def untranslated(catalogue: Catalog) -> list[Message]:
    """Sentences that have no translation, or a guessed one."""
    return [message for message in catalogue if message.id and (message.fuzzy or not _is_full(message))]


def _is_full(message: Message) -> bool:
    texts = message.string if isinstance(message.string, (list, tuple)) else [message.string]
    return all(texts) and bool(texts)


def main() -> int:
    """Update and compile the Chinese catalogue; say how many sentences wait for a translation."""
    waiting = untranslated(update("zh"))
    compile_catalogues()
    for message in waiting:
        print(message.id)
    return 1 if waiting else 0


if __name__ == "__main__":
    sys.exit(main())
