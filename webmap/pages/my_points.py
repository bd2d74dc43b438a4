"""Points on a phone: my own, what earns and what they are good for; and confirming what others say was done."""

import secrets

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from data.models import Community, PointsAccount
from geo.errors import N_
from patrols.points import accounts, claims, goods, rules, statements
from webmap import access, inputs, storage, trail
from webmap.errors import BadInput
from webmap.language import gettext
from webmap.pages.points import key_of, statement_file

pages = Blueprint("my_points", __name__)

LINES = 30
"""So many of the latest lines are shown on a phone; the statement has all."""


@pages.get("/my-points")
@access.opened_to_signed_in
def mine() -> str:
    """My points."""
    opened, person = storage.session(), access.me().person
    if person is None:
        return render_template("my_points.html", person=None)
    community = opened.get_one(Community, person.community_id)
    account = next(iter(accounts.known_of(opened, [person.id])), None)
    earns = [one for one in rules.rules(opened, community, on=storage.today()) if one.for_persons]
    return render_template(
        "my_points.html",
        person=person,
        account=account,
        found=account and statements.statement(opened, community, account),
        lines=LINES,
        claimed=claims.of_account(opened, account) if account else [],
        earns=earns,
        by_hand=[one for one in earns if one.fact == "by_hand" and one.confirmed_by != "nobody"],
        offers=goods.catalogue(opened, community, offered_only=True),
        waiting=len(claims.waiting(opened, community, access.me(), at=storage.now())),
        key=secrets.token_urlsafe(16),
        today=storage.today(),
    )


@pages.post("/my-points/claims")
@access.opened_to_signed_in
def claim() -> ResponseReturnValue:
    """Say that I did something which earns; the leader or the office confirms it."""
    opened, form, person = storage.session(), request.form, access.me().person
    if person is None:
        raise BadInput(N_("Your sign-in belongs to nobody in the roster, so nothing is recorded about you."))
    community, on = opened.get_one(Community, person.community_id), inputs.day(form, "on") or storage.today()
    row = claims.claim(
        opened,
        community,
        accounts.of_person(opened, person, on=storage.today()),
        rules.rule(opened, community, inputs.text(form, "rule", most=32), on=on),
        on=on,
        key=key_of(form),
        at=storage.now(),
        by=access.me(),
        note=inputs.text(form, "note", most=255),
    )
    trail.record("points.claimed", object_kind="points_claim", object_key=str(row.id), rule=row.rule_id)
    opened.commit()
    flash(gettext("Entered. Somebody else confirms it."), "good")
    return redirect(url_for(".mine"))


@pages.post("/my-points/statement")
@access.opened_to_signed_in
def export() -> Response:
    """My statement as a file."""
    return statement_file(_own(), request.form)


@pages.get("/points/claims")
@access.opened_to_signed_in
def waiting() -> str:
    """What this person may confirm: the office in its scope, leaders what members of their team did."""
    opened, community, me = storage.session(), access.community(), access.me()
    return render_template(
        "points_claims.html",
        community=community,
        communities=access.communities(),
        found=claims.waiting(opened, community, me, at=storage.now()),
        called=accounts.called,
    )


@pages.post("/points/claims/<int:number>")
@access.opened_to_signed_in
def decide(number: int) -> ResponseReturnValue:
    """Confirm or decline what somebody says was done."""
    opened, form, at, me = storage.session(), request.form, storage.now(), access.me()
    row = claims.get(opened, number)
    community = opened.get_one(Community, row.account.community_id)
    if form.get("decision") == "confirm":
        entry = claims.confirm(opened, community, row, at=at, by=me)
        trail.record("points.confirmed", object_kind="points_claim", object_key=str(number), points=entry.points)
        said = gettext("Confirmed: %(points)s points.", points=entry.points)
    else:
        claims.decline(opened, community, row, reason=inputs.text(form, "reason", most=255), at=at, by=me)
        trail.record("points.declined", object_kind="points_claim", object_key=str(number))
        said = gettext("Declined.")
    opened.commit()
    flash(said, "good")
    return redirect(url_for(".waiting", community=community.code))


def _own() -> PointsAccount:
    person = access.me().person
    account = next(iter(accounts.known_of(storage.session(), [person.id])), None) if person else None
    if account is None:
        raise BadInput(N_("You have no points yet."))
    return account
