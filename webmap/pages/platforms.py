"""The platforms that are told of every step at once: added, ended, and tried again where something was not taken."""

from urllib.parse import urlsplit

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from data.errors import Conflict
from data.models import Community, Organisation
from patrols.errors import BadExchange
from patrols.exchange import platforms, telling
from webmap import access, errors, inputs, storage, trail
from webmap.access import May
from webmap.language import gettext
from webmap.pages import exchange

pages = Blueprint("platforms", __name__)


@pages.post("/exchange/platforms")
@access.needs(May.IMPORT)
def add() -> ResponseReturnValue:
    """Exchange with a platform step by step; its secrets are shown this once."""
    opened, form, community = storage.session(), request.form, _community()
    key = inputs.whole(form, "organisation")
    office = opened.get(Organisation, key) if key else None
    name = inputs.text(form, "platform", most=64)
    try:
        row = platforms.add(
            opened,
            community,
            name,
            at=storage.now(),
            address=inputs.text(form, "to", most=512),
            office=office,
            secret_out=inputs.text(form, "secret_out", most=128),
            secret_in=inputs.text(form, "secret_in", most=128),
        )
    except (BadExchange, Conflict) as refusal:
        return exchange.page(community, refused=errors.tell(refusal), adding=True), errors.answer_for(refusal).status
    trail.record("platform.added", object_kind="community", object_key=community.code, platform=name)
    opened.commit()
    return exchange.page(community, secrets=row)


@pages.post("/exchange/platforms/<int:number>/end")
@access.needs(May.IMPORT)
def end(number: int) -> ResponseReturnValue:
    """Exchange with a platform no more."""
    community = _community()
    row = platforms.end(storage.session(), community, number, at=storage.now())
    return _done(community, "platform.ended", gettext("%(platform)s is told nothing any more.", platform=row.name))


@pages.post("/exchange/tellings/<int:number>/again")
@access.needs(May.IMPORT)
def again(number: int) -> ResponseReturnValue:
    """Try once more what a platform did not take."""
    community = _community()
    telling.again(storage.session(), community, number, at=storage.now())
    return _done(community, "platform.again", gettext("It is tried again."), telling=number)


@pages.app_template_filter("host")
def host(address: str) -> str:
    """The host of an address; what follows it may be a secret."""
    return urlsplit(address).netloc.rpartition("@")[2]


def _community() -> Community:
    community = exchange.of_form()
    access.scope().require(community.id)
    return community


def _done(community: Community, action: str, said: str, **facts: object) -> ResponseReturnValue:
    trail.record(action, object_kind="community", object_key=community.code, **facts)
    storage.session().commit()
    flash(said, "good")
    return redirect(url_for("exchange.show", community=community.code, _anchor="step-by-step"))
