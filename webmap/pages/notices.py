"""What I was told, and by which ways people are told outside of the website."""

from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from data.models import Community, Person, WayKind
from geo.errors import N_
from patrols import notice_sendings, notice_ways, notices, roster
from webmap import access, inputs, storage, trail
from webmap.access import May
from webmap.errors import BadInput
from webmap.language import gettext
from webmap.notices.post import Post
from webmap.notices.words import SUBJECTS
from webmap.settings import LANGUAGES

pages = Blueprint("notices", __name__)

LATELY = timedelta(days=14)


@pages.get("/notices")
@access.opened_to_signed_in
def mine() -> str:
    """What the signed-in person was told."""
    person = access.me().person_id
    told = [] if person is None else notices.of_person(storage.session(), person)
    return render_template(
        "notices.html", told=[(row, gettext(SUBJECTS[row.kind], **row.facts)) for row in told], known=person is not None
    )


@pages.post("/notices/read")
@access.opened_to_signed_in
def read() -> ResponseReturnValue:
    """Keep that they were read."""
    person = access.me().person_id
    if person is not None:
        notices.mark_read(storage.session(), person, at=storage.now())
        storage.session().commit()
    return redirect(url_for(".mine"))


@pages.get("/notices/ways")
@access.needs(May.SET_HANDLING)
def ways() -> str:
    """The ways of a community's people, and what could not be sent lately."""
    opened, community, at = storage.session(), access.community(), storage.now()
    return render_template(
        "notice_ways.html",
        community=community,
        communities=access.communities(),
        ways=[(row, person, notice_ways.covered(row)) for row, person in notice_ways.ways(opened, community)],
        people=roster.people(opened, community, at=at),
        kinds=list(WayKind),
        languages=LANGUAGES,
        lost=notice_sendings.given_up(opened, community, since=at - LATELY),
        mails=bool(Post.from_env().scheme),
    )


@pages.post("/notices/ways")
@access.needs(May.SET_HANDLING)
def add() -> ResponseReturnValue:
    """Tell somebody by a way too."""
    opened, form, community = storage.session(), request.form, _community()
    kind, person_id = inputs.word(form, "kind", WayKind), inputs.whole(form, "person")
    person = opened.get(Person, person_id) if person_id else None
    if kind is None or person is None:
        raise BadInput(N_("Choose a person and a way."))
    notice_ways.add(
        opened,
        community,
        person,
        kind,
        inputs.text(form, "to", most=512),
        secret=inputs.text(form, "secret", most=128),
        language="en" if form.get("language") == "en" else LANGUAGES[0],
    )
    return _done(community, "notices.way_added", gettext("The way is kept."), person=person.number, kind=kind.value)


@pages.post("/notices/ways/<int:number>/end")
@access.needs(May.SET_HANDLING)
def end(number: int) -> ResponseReturnValue:
    """Use a way no more."""
    community = _community()
    notice_ways.end(storage.session(), community, number, at=storage.now())
    return _done(community, "notices.way_ended", gettext("The way is ended."), way=number)


def _community() -> Community:
    community = access.community(request.form.get("community"))
    access.scope().require(community.id)
    return community


def _done(community: Community, action: str, said: str, **facts: object) -> ResponseReturnValue:
    trail.record(action, object_kind="community", object_key=community.code, **facts)
    storage.session().commit()
    flash(said, "good")
    return redirect(url_for(".ways", community=community.code))
