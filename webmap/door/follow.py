"""Following what one told: by its code, without a name."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from data.errors import Conflict, NotFound
from data.models import ResidentReport
from geo.errors import N_
from patrols import following, knocking, residents
from patrols.answer_codes import read_code, say_code
from patrols.errors import StepNotAllowed
from patrols.moves import RATINGS
from webmap import access, inputs, storage
from webmap.door import knocker
from webmap.errors import BadInput, tell
from webmap.language import gettext
from webmap.words import FIVE_STEPS


class TooManyCodes(BadInput):
    """More wrong codes than people type."""


def add_to(door: Blueprint) -> None:
    """Add these addresses."""
    door.add_url_rule("/q", "ask", ask)
    door.add_url_rule("/q/<code>", "follow", follow)
    door.add_url_rule("/q/<code>/rate", "rate", rate, methods=["POST"])
    door.add_url_rule("/q/<code>/forget-me", "forget_me", forget_me, methods=["POST"])


@access.opened_to_all
def ask() -> ResponseReturnValue:
    """The form for a code that was written down."""
    typed = inputs.text(request.args, "code", most=40)
    if not typed:
        return _ask()
    return redirect(url_for("door.follow", code=typed))


@access.opened_to_all
def follow(code: str) -> ResponseReturnValue:
    """How it stands."""
    try:
        row = _row(code)
    except NotFound as error:
        return _ask(code, tell(error)), 404
    except TooManyCodes as error:
        return _ask(code, tell(error)), 429
    return render_template(
        "follow.html",
        code=say_code(read_code(code) or ""),
        standing=following.stand(storage.session(), row),
        names=[gettext(name) for name in FIVE_STEPS],
        ratings=RATINGS,
    )


@access.opened_to_all
def rate(code: str) -> ResponseReturnValue:
    """Take the rating."""
    try:
        row = _row(code)
        rating = inputs.whole(request.form, "rating", least=RATINGS[0], most=RATINGS[-1])
        if rating is None:
            raise BadInput(N_("Choose how content you are."))
        words = inputs.text(request.form, "words", most=500)
        again = following.rate(storage.session(), row, rating, words, at=storage.now())
        storage.session().commit()
    except (BadInput, StepNotAllowed, Conflict) as error:
        storage.forget_changes()
        flash(tell(error), "bad")
        return redirect(url_for("door.follow", code=code), 303)
    thanks = gettext("Thank you. Your rating is kept.")
    flash(f"{thanks} {gettext('The community office looks at it again.')}" if again else thanks, "good")
    return redirect(url_for("door.follow", code=code), 303)


@access.opened_to_all
def forget_me(code: str) -> ResponseReturnValue:
    """Delete the name and the number that came with it."""
    residents.forget_reporter(storage.session(), _row(code), at=storage.now())
    storage.session().commit()
    flash(gettext("Your name and number are deleted. What you told goes on."), "good")
    return redirect(url_for("door.follow", code=code), 303)


def _row(code: str) -> ResidentReport:
    """What was told under a code. Wrong ones are counted; who sent too many is not answered right ones either."""
    who = knocker.sealed()
    if knocking.is_shut(storage.session(), who, knocking.WRONG_CODES, at=storage.now()):
        raise TooManyCodes(N_("Too many wrong codes came from here. Try again in an hour."))
    try:
        return residents.find(storage.session(), read_code(code))
    except NotFound:
        with storage.apart() as opened:
            knocking.knock(opened, who, knocking.WRONG_CODES, at=storage.now())
        raise


def _ask(typed: str = "", refused: str = "") -> str:
    return render_template("follow_ask.html", typed=typed, refused=refused)
