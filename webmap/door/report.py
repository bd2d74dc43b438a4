"""Telling of something at a notice board: photo, what it is, send."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from data import frames
from data.errors import BadPicture
from data.models import Category
from geo.errors import N_
from patrols import knocking, photos, residents
from patrols.answer_codes import say_code
from patrols.boards import Shown
from patrols.residents import Taken, Told
from webmap import access, inputs, storage
from webmap.door import knocker, ticket
from webmap.door.board import drawn, here
from webmap.door.pictures import picture_of
from webmap.errors import BadInput, tell
from webmap.language import gettext
from webmap.pages import sketch
from webmap.walk.photos import store

EMPTY_FIELD = "homepage"
"""A field that nobody sees: whoever fills it in is a program."""


class TooOften(BadInput):
    """More reports than people send."""


@dataclass(frozen=True)
class Said:
    """What the form says, read."""

    description: str
    category: int | None
    point: tuple[float, float] | None
    accuracy_m: float | None
    address: str
    name: str
    phone: str


def add_to(door: Blueprint) -> None:
    """Add these addresses."""
    door.add_url_rule("/r/<token>/report", "form", form)
    door.add_url_rule("/r/<token>/report", "send", send, methods=["POST"])


@access.opened_to_all
def form(token: str) -> str:
    """The form."""
    return _form(here(token), {})


@access.opened_to_all
def send(token: str) -> ResponseReturnValue:
    """Take in what was sent, and go on to where it is followed; what cannot be taken is said above the form."""
    try:
        told = _told(token)
    except TooOften as error:
        return _form(here(token), request.form, tell(error)), 429
    except (BadInput, BadPicture, photos.PhotoRefused) as error:
        return _form(here(token), request.form, tell(error)), 422
    flash(gettext("Received, thank you. With the code below you can see at any time what becomes of it."), "good")
    return redirect(url_for("door.follow", code=say_code(told.code)), 303)


def _told(token: str) -> Told:
    opened, at, shown = storage.session(), storage.now(), here(token)
    held = ticket.read(request.form.get("ticket", ""), shown.board.id, at=at)
    if (before := residents.known(opened, held.key)) is not None:
        return before
    said = _read(request.form)
    if request.form.get(EMPTY_FIELD) or held.age < ticket.SOONEST:
        raise BadInput(N_("That was quicker than people are. Please press the button once more."))
    _check_often(shown)
    # Drawing takes a second on a small server: nobody else should wait for this session's turn meanwhile.
    opened.rollback()
    taken = _taken()
    told = residents.tell(
        opened,
        here(token),
        held.key,
        at=at,
        description=said.description,
        category=_category(said.category),
        point=said.point,
        accuracy_m=said.accuracy_m,
        address=said.address,
        name=said.name,
        phone=said.phone,
        taken=taken,
    )
    opened.commit()
    return told


def _category(key: int | None) -> Category | None:
    """The category of a tile; one that was taken out of use meanwhile still says what is meant."""
    return storage.session().get(Category, key) if key else None


def _read(form: Mapping[str, str]) -> Said:
    lon, lat = inputs.number(form, "lon", least=-180, most=180), inputs.number(form, "lat", least=-90, most=90)
    said = Said(
        description=inputs.text(form, "description", most=1000),
        category=inputs.whole(form, "category"),
        point=None if lon is None or lat is None else (lon, lat),
        accuracy_m=inputs.number(form, "accuracy", least=0, most=100_000),
        address=inputs.text(form, "address", most=120),
        name=inputs.text(form, "name", most=64),
        phone=inputs.text(form, "phone", most=32),
    )
    if not (said.description or said.category or _sent()):
        raise BadInput(N_("Take a photo, choose what it is, or say it in a few words."))
    return said


def _sent() -> list[bytes]:
    """The photos of the form, unread but for their first byte too many; an empty field sends a file without a name."""
    files = [one for one in request.files.getlist("photo") if one.filename]
    if len(files) > residents.MOST_PHOTOS:
        raise BadInput(N_("At most %(most)s photos go with one report."), most=residents.MOST_PHOTOS)
    for one in files:
        one.stream.seek(0)
    return [one.stream.read(photos.MOST_BYTES + 1) for one in files]


def _taken() -> list[Taken]:
    pictures = [photos.drawn(content) for content in _sent()]
    return [Taken(one, store().put(one.content, one.small)) for one in pictures]


def _check_often(shown: Shown) -> None:
    """Count this report; kept although it is refused."""
    board, phone = shown.board.id, shown.community.office_phone
    who = knocker.sealed()
    with storage.apart() as opened:
        waits = [
            knocking.knock(opened, f"{board}.{who}", knocking.AT_ONE_BOARD, at=storage.now()),
            knocking.knock(opened, who, knocking.AT_ALL_BOARDS, at=storage.now()),
            knocking.knock(opened, str(board), knocking.OF_ONE_BOARD, at=storage.now()),
        ]
    if any(waits):
        if phone:
            raise TooOften(
                N_("Very many reports came in here just now. Try again in an hour, or ring the office: %(phone)s."),
                phone=phone,
            )
        raise TooOften(N_("Very many reports came in here just now. Try again in an hour."))


def _around(shown: Shown) -> sketch.Sketch | None:
    """The building's own surroundings, in which a spot can be tapped; else what the board shows."""
    if shown.building is None:
        return drawn(shown)
    shape = frames.decode([shown.building.geom])[0]
    streets = frames.streets(storage.session(), shown.community.id, degrees=True)
    return sketch.draw([shape], streets, shape.representative_point())


def _form(shown: Shown, filled: Mapping[str, str], refused: str = "") -> str:
    first, others = residents.offered(storage.session(), shown.community, at=storage.now())
    return render_template(
        "report_here.html",
        shown=shown,
        place=residents.place_of(shown),
        sketch=_around(shown),
        ticket=ticket.issue(shown.board.id, at=storage.now()),
        first=first,
        more=[list(rows) for _group, rows in groupby(others, key=lambda one: (one.family, one.group_zh))],
        chosen_at_first=any(request.form.get("category") == str(one.id) for one in first),
        picture_of=picture_of,
        filled=filled,
        refused=refused,
        most_photos=residents.MOST_PHOTOS,
        empty_field=EMPTY_FIELD,
    )
