"""Phones: those that wait for somebody to accept them, those that count, and setting a new one up."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from data.models import Community, Device
from geo.datum import DEGREES
from patrols import consents, devices, roster
from patrols.devices import SPEED_UNITS
from webmap import access, inputs, storage, trail
from webmap.access import May
from webmap.language import gettext
from webmap.phones.set_up import set_up

pages = Blueprint("devices", __name__)


@pages.get("/devices")
@access.needs(May.ENROL_PHONES)
def listing() -> str:
    """Every phone, those that wait first."""
    opened, community = storage.session(), access.community()
    access.scope().require(community.id)
    return render_template(
        "devices.html",
        community=community,
        communities=access.communities(),
        found=devices.listing(opened, access.scope()),
        teams=devices.teams(opened, community),
        datums=DEGREES,
        units=[unit for unit in SPEED_UNITS if unit],
        heard=devices.heard_at,
        agreed=consents.agreed(opened, community),
    )


@pages.post("/devices")
@access.needs(May.ENROL_PHONES)
def add() -> str:
    """Enrol a phone by hand; its token is shown on this answer only."""
    opened, community = storage.session(), _community()
    device, token = devices.add(opened, community, at=storage.now(), **_wanted(community))
    trail.record("device.added", object_kind="device", object_key=str(device.id), community=community.code)
    page = _token_page(device, token)
    opened.commit()
    return page


@pages.post("/devices/<int:number>/accept")
@access.needs(May.ENROL_PHONES)
def accept(number: int) -> ResponseReturnValue:
    """Let a phone's fixes count from now on, and those it has sent already."""
    opened, community = storage.session(), _community()
    device = devices.find(opened, number, access.scope())
    devices.accept(opened, device, community, at=storage.now(), **_wanted(community))
    trail.record("device.accepted", object_kind="device", object_key=str(number), community=community.code)
    opened.commit()
    if device.person is None or consents.may_be_tracked(opened, device.person):
        flash(gettext("The phone's fixes count. Its patrols appear in a few minutes."), "good")
    else:
        told = gettext(
            "%(name)s has not agreed to be recorded yet: until then no patrols are made.", name=device.person.name
        )
        flash(told, "bad")
    return redirect(url_for(".listing", community=community.code))


@pages.post("/devices/<int:number>/revoke")
@access.needs(May.ENROL_PHONES)
def revoke(number: int) -> ResponseReturnValue:
    """Take nothing more of a phone."""
    opened = storage.session()
    devices.revoke(devices.find(opened, number, access.scope()), at=storage.now())
    trail.record("device.revoked", object_kind="device", object_key=str(number))
    opened.commit()
    flash(gettext("Nothing more is taken of this phone. Patrols made of what it sent before stay."), "good")
    return redirect(url_for(".listing"))


@pages.post("/devices/<int:number>/token")
@access.needs(May.ENROL_PHONES)
def renew(number: int) -> str:
    """Give a phone a new token, and show it once; the old one stops working."""
    opened = storage.session()
    device = devices.find(opened, number, access.scope())
    token = devices.renew_token(device)
    trail.record("device.token_renewed", object_kind="device", object_key=str(number))
    page = _token_page(device, token)
    opened.commit()
    return page


def _community() -> Community:
    community = access.community(request.form.get("community"))
    access.scope().require(community.id)
    return community


def _wanted(community: Community) -> dict[str, Any]:
    opened, form = storage.session(), request.form
    person, team = inputs.text(form, "person", most=32), inputs.text(form, "team", most=128)
    return {
        "person": roster.person(opened, community, person) if person else None,
        "team": devices.team_named(opened, community, team) if team else None,
        "label": inputs.text(form, "label", most=64),
        "datum": inputs.text(form, "datum", most=16) or "wgs84",
        "speed_unit": inputs.text(form, "speed_unit", most=8),
    }


def _token_page(device: Device, token: str) -> str:
    # Brought in here: drawing codes is seldom, and every start of the website would pay for it.
    from webmap.printing import qr

    made = set_up(request.url_root, token, device.id)
    code = qr.svg(made.traccar, gettext("Code that sets Traccar Client up"))
    return render_template("device_token.html", device=device, made=made, code=code)
