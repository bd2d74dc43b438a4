"""What each page is for, and the glossary."""

from flask import Blueprint, render_template

from webmap import access

pages = Blueprint("help", __name__)


@pages.get("/help")
@access.opened_to_signed_in
def help_page() -> str:
    """The page."""
    return render_template("help.html")
