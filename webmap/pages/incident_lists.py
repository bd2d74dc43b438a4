"""What is done with the list of incidents: many are passed on at once, and filters are kept under a name."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from data.errors import Conflict, NotFound
from data.models import Incident, Organisation
from geo.errors import N_
from patrols import kept_lists
from patrols.errors import BadRule, OutOfScope, StepNotAllowed
from patrols.incident_lists import PAGE_ROWS
from patrols.passing_on import Picked, pass_on
from webmap import access, errors, inputs, storage, trail
from webmap.access import May
from webmap.errors import BadInput
from webmap.language import gettext, ngettext
from webmap.pages import incidents
from webmap.pages.incident_filters import FILTERS, read_filters

pages = Blueprint("incident_lists", __name__)

REFUSALS = (NotFound, OutOfScope, Conflict, StepNotAllowed, BadRule)


@pages.post("/incidents/triage")
@access.needs(May.STEP)
def triage() -> ResponseReturnValue:
    """Pass on all that were picked, each by itself; what could not be stays picked, with its reason."""
    opened, form = storage.session(), request.form
    picked = [_picked(text) for text in form.getlist("pick")[:PAGE_ROWS]]
    key = inputs.whole(form, "organisation")
    office = opened.get(Organisation, key) if key else None
    if office is None or not picked:
        raise BadInput(N_("Pick incidents and an office to pass them on to."))
    access.scope().require_entry(office.community_id)
    limit, note = incidents.read_limit(form), inputs.text(form, "note", most=2000)
    done, refused = 0, list[tuple[int, str, str]]()
    for one in picked:
        try:
            pass_on(opened, access.scope(), one, office, limit, by=access.me(), at=storage.now(), note=note)
            opened.commit()
            done += 1
        except REFUSALS as fault:
            opened.rollback()
            refused.append((one.key, _number(one), errors.tell(fault)))
    trail.record("incidents.passed_on", object_kind="office", object_key=office.name, done=done, refused=len(refused))
    opened.commit()
    said = ngettext(
        "%(num)s incident passed on to %(office)s.",
        "%(num)s incidents passed on to %(office)s.",
        done,
        office=office.name,
    )
    return incidents.list_page(
        known(dict(parse_qsl(form.get("query", "")))), said=said, refused=refused, office=office.id
    )


@pages.post("/incidents/lists")
@access.needs(May.SEE_INCIDENTS)
def keep() -> ResponseReturnValue:
    """Keep the filters that are set under a name."""
    asked = known(dict(parse_qsl(request.form.get("query", ""))))
    read_filters(asked)
    query = urlencode(asked)
    row = kept_lists.keep(storage.session(), access.me(), inputs.text(request.form, "name"), query)
    storage.session().commit()
    flash(gettext("The list “%(name)s” is kept.", name=row.name), "good")
    return redirect(url_for("incidents.listing") + f"?{query}")


@pages.post("/incidents/lists/<int:key>/drop")
@access.needs(May.SEE_INCIDENTS)
def drop(key: int) -> ResponseReturnValue:
    """Keep a list no more."""
    name = kept_lists.drop(storage.session(), access.me(), key)
    storage.session().commit()
    flash(gettext("The list “%(name)s” is kept no more.", name=name), "good")
    return redirect(url_for("incidents.listing"))


def _number(picked: Picked) -> str:
    """The number of an incident that may be seen."""
    row = storage.session().get(Incident, picked.key)
    return row.number if row is not None and access.scope().allows_incident(row) else ""


def known(asked: Mapping[str, str]) -> dict[str, str]:
    """The filters of a query, nothing else of it."""
    return {name: asked[name] for name in FILTERS if asked.get(name)}


def _picked(text: str) -> Picked:
    key, _, seen = text.partition("-")
    if not (key.isascii() and key.isdigit() and seen.isascii() and seen.isdigit() and len(text) < 20):
        raise BadInput(N_("Pick incidents and an office to pass them on to."))
    return Picked(int(key), int(seen))
