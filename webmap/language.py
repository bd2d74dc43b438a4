"""Chinese or English: which one this person reads, as the catalogues have it."""

import flask_babel
from flask import Flask, current_app, g, session

from webmap.catalogues import CATALOGUES, compile_catalogues
from webmap.settings import LANGUAGES


def init_language(app: Flask) -> None:
    """Compile the catalogues where they are newer than their compiled form, and choose one for each request."""
    compile_catalogues()
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(CATALOGUES)
    flask_babel.Babel(app, locale_selector=choose, timezone_selector=lambda: "Asia/Shanghai")
    app.context_processor(lambda: {"language": current()})


def choose() -> str:
    """The language chosen in this browser, else the user's own, else that of the settings."""
    chosen = session.get("language")
    known = g.get("_login_user")
    # Only whoever has been looked up already: the page that says "the database does not answer" must not ask it.
    if chosen not in LANGUAGES and known is not None and known.is_authenticated:
        chosen = known.user.language
    return str(chosen if chosen in LANGUAGES else current_app.config["WEB"].language)


def gettext(sentence: str, **facts: object) -> str:
    """A sentence in the reader's language, its places filled."""
    return str(flask_babel.gettext(sentence, **facts))


def ngettext(one: str, many: str, num: int, **facts: object) -> str:
    """A sentence about a number of things in the reader's language."""
    return str(flask_babel.ngettext(one, many, num, **facts))


def current() -> str:
    """``zh`` or ``en``: the language of this answer."""
    locale = flask_babel.get_locale()
    return str(locale.language) if locale and locale.language in LANGUAGES else LANGUAGES[0]
