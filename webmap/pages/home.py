"""The start page: three to five things to do today, each a number and a verb."""

from flask import Blueprint, render_template

from webmap import access

pages = Blueprint("home", __name__)


@pages.get("/")
@access.opened_to_signed_in
def home() -> str:
    """The page, by role."""
    return render_template("home.html", tasks=[])
