"""A language to speak in where there is no website around."""

from flask import Flask
from flask_babel import Babel

from webmap.catalogues import CATALOGUES


def speaking(language: str) -> Flask:
    """An application whose context speaks one language."""
    app = Flask("webmap")
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(CATALOGUES)
    Babel(app, default_locale=language)
    return app
