"""What a page shows while a work beside the requests is under way: how far it has come, and that it asks again."""

from flask import Response, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webmap.background import Standing
from webmap.errors import wants_json
from webmap.language import gettext

BESIDE = "beside"
"""Field of a form whose page is answered at once and led to where it can wait. Who leaves it out waits for the answer
itself, as programs like to."""

PAGE = "document"
"""What a browser that opens a page says the answer is for."""

AGAIN_S = 2
"""After so many seconds a page without scripts asks again."""


def is_possible() -> bool:
    """Whether who asks can be led to where they wait: a page that was opened, or a script that asks how it stands.

    A picture inside a page cannot, nor a program that takes whatever it gets, nor a browser that saves what a link
    leads to: it would save the page that waits.
    """
    if wants_json():
        return True
    # Browsers name HTML when they open a page; those that name it for what they save say that it is no page.
    opens = request.headers.get("Sec-Fetch-Dest", PAGE) == PAGE
    return opens and "text/html" in request.accept_mimetypes.values()


def begun(address: str) -> ResponseReturnValue:
    """Answer the request that began a work: under `address` one hears of it, and takes what came of it.

    A script is told the address, a page is led there.
    """
    return (jsonify({"ask": address}), 202) if wants_json() else redirect(address, 303)


def under_way(standing: Standing, back: str) -> ResponseReturnValue:
    """Answer whoever asks too early: a script hears how far the work is; a page says so, and asks again by itself.

    Parameters
    ----------
    back : str
        The address that leads back to where the work was begun.
    """
    if wants_json():
        return told(standing)
    doing, share = gettext(standing.doing), round(standing.share, 3)
    page = render_template("waiting.html", doing=doing, share=share, back=back or url_for("home.home"))
    return page, 202, {"Refresh": str(AGAIN_S), "Cache-Control": "no-store"}


def told(standing: Standing) -> Response:
    """How far a work is, for a script."""
    answer = jsonify({"doing": gettext(standing.doing), "share": round(standing.share, 3)})
    answer.status_code = 202
    return answer


def ended(address: str) -> ResponseReturnValue:
    """Tell a page's script that the work is done, and where it leads: to a page, or to a file that is kept."""
    answer = jsonify({"to": address})
    answer.headers["Cache-Control"] = "no-store"
    return answer
