"""Points at the office: what everybody's come to, the accounts, one account's statement, and what is entered there."""

import secrets
from datetime import date
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from data.exchange.write import write_table
from data.models import AccountKind, Community, PointsAccount
from geo.errors import N_
from patrols.points import accounts, claims, goods, ledger, rules, statements
from webmap import access, inputs, storage, trail
from webmap.access import May
from webmap.errors import BadInput
from webmap.language import gettext, ngettext
from webmap.sending import sent

pages = Blueprint("points", __name__)

FORMATS = (".xlsx", ".csv")
"""In which a statement is taken away, the usual one first."""


@pages.get("/points")
@access.needs(May.SEE_POINTS)
def overview() -> str:
    """What was earned and redeemed, by area; for the office also the accounts, by number and never by rank."""
    opened, community, at, asked = storage.session(), access.community(), storage.now(), request.args
    scope, wanted = access.scope(), inputs.text(asked, "q", most=64)
    year = inputs.whole(asked, "year", least=2000, most=2200)
    kind = inputs.word(asked, "kind", AccountKind)
    keeps = access.may(May.KEEP_POINTS)
    found = accounts.listing(opened, scope, community, kind=kind, wanted=wanted, page=inputs.page(asked))
    return render_template(
        "points.html",
        community=community,
        communities=access.communities(),
        totals=statements.totals(opened, scope, community, since=_first(year), until=_first(year and year + 1)),
        beside=statements.by_community(opened, scope, access.communities()) if len(access.communities()) > 1 else [],
        year=year,
        years=range(storage.today().year, storage.today().year - 5, -1),
        found=found if keeps else None,
        called=accounts.called,
        kinds=list(AccountKind),
        kind=kind,
        wanted=wanted,
        waiting=len(claims.waiting(opened, community, access.me(), at=at)),
        begun=bool(rules.areas(opened, community)),
        keeps=keeps,
        address=lambda page: url_for(".overview", **{**asked.to_dict(), "page": page}),
    )


@pages.post("/points/accounts")
@access.needs(May.KEEP_POINTS)
def open_account() -> ResponseReturnValue:
    """Open the account of a household or shop, or of somebody on the roster."""
    opened, form = storage.session(), request.form
    community = kept()
    account = accounts.open_for(
        opened,
        community,
        inputs.word(form, "kind", AccountKind) or AccountKind.HOUSEHOLD,
        number=inputs.text(form, "number", most=32),
        name=inputs.text(form, "name", most=128),
        grid_code=inputs.text(form, "grid", most=20) or None,
        on=storage.today(),
    )
    trail.record("points.account_opened", object_kind="points_account", object_key=str(account.id))
    opened.commit()
    return redirect(url_for(".show", number=account.id))


@pages.post("/points/earn")
@access.needs(May.KEEP_POINTS)
def earn() -> ResponseReturnValue:
    """Let patrols and reports earn what they have not earned yet."""
    # Brought in here: only this form asks for it.
    from patrols.points import earning

    opened, community = storage.session(), kept()
    done = earning.earn(opened, community, at=storage.now())
    facts = {"entries": done.entries, "points": done.points, "reversed": done.reversed}
    trail.record("points.earned", object_kind="community", object_key=community.code, **facts)
    opened.commit()
    flash(
        ngettext("%(num)s fact earned points.", "%(num)s facts earned points.", done.entries)
        + " "
        + gettext("Points: %(points)s.", points=done.points),
        "good",
    )
    if done.kept:
        flash(
            ngettext(
                "%(num)s report was voided, but its points are spent: decide about it by hand.",
                "%(num)s reports were voided, but their points are spent: decide about them by hand.",
                done.kept,
            ),
            "wait",
        )
    return redirect(url_for(".overview", community=community.code))


@pages.get("/points/<int:number>")
@access.needs(May.KEEP_POINTS)
def show(number: int) -> str:
    """One account: what it holds, its lines, and what can be entered."""
    opened, account = storage.session(), _account(number)
    community, since, until = opened.get_one(Community, account.community_id), *_times(request.args)
    return render_template(
        "points_account.html",
        account=account,
        community=community,
        name=accounts.called(account),
        found=statements.statement(opened, community, account, since=since, until=until),
        since=since,
        until=inputs.day(request.args, "until"),
        claimed=claims.of_account(opened, account),
        earns=_by_hand(community, account),
        areas=rules.areas(opened, community),
        offers=goods.catalogue(opened, community, offered_only=True),
        keys=[secrets.token_urlsafe(16) for _ in range(2)],
        today=storage.today(),
        formats=FORMATS,
    )


@pages.post("/points/<int:number>/claims")
@access.needs(May.KEEP_POINTS)
def claim(number: int) -> ResponseReturnValue:
    """Enter what was done; somebody else confirms it where the rule says so."""
    account = _account(number)
    _claim(account)
    storage.session().commit()
    return redirect(url_for(".show", number=number))


@pages.post("/points/<int:number>/opening")
@access.needs(May.KEEP_POINTS)
def carry_over(number: int) -> ResponseReturnValue:
    """Carry over what an account had elsewhere."""
    opened, account, form = storage.session(), _account(number), request.form
    community = opened.get_one(Community, account.community_id)
    points = inputs.whole(form, "points", least=1, most=1_000_000) or 0
    entry = ledger.open_balance(
        opened,
        account,
        rules.area(opened, community, inputs.text(form, "area", most=32)),
        points,
        at=storage.now(),
        on=storage.today(),
        by=access.me(),
        note=inputs.text(form, "note", most=255),
    )
    trail.record("points.carried_over", object_kind="points_entry", object_key=str(entry.id), points=points)
    opened.commit()
    return redirect(url_for(".show", number=number))


@pages.post("/points/<int:number>/redeem")
@access.needs(May.KEEP_POINTS)
def redeem(number: int) -> ResponseReturnValue:
    """Hand out goods for points."""
    opened, account, form = storage.session(), _account(number), request.form
    community = opened.get_one(Community, account.community_id)
    # The choice carries the price the person was told: "12@30" is good 12 at 30 points.
    good, _, price = inputs.text(form, "good", most=24).partition("@")
    if not (good.isascii() and good.isdigit() and price.isascii() and price.isdigit()):
        raise BadInput(N_("Choose what is handed out."))
    row = goods.redeem(
        opened,
        account,
        goods.good(opened, community, int(good)),
        inputs.whole(form, "quantity", least=1, most=goods.MOST_AT_ONCE) or 1,
        key=key_of(form),
        at=storage.now(),
        by=access.me(),
        price=int(price),
    )
    facts = {"good": row.good_id, "quantity": row.quantity, "points": row.points}
    trail.record("points.redeemed", object_kind="points_account", object_key=str(number), **facts)
    opened.commit()
    flash(gettext("Handed out: %(points)s points less.", points=row.points), "good")
    return redirect(url_for(".show", number=number))


@pages.post("/points/<int:number>/entries/<int:entry>/reverse")
@access.needs(May.KEEP_POINTS)
def reverse(number: int, entry: int) -> ResponseReturnValue:
    """Take a line back: what it earned, or the whole redemption that it belongs to."""
    opened, account = storage.session(), _account(number)
    line = ledger.entry_of(opened, account, entry)
    reason = inputs.text(request.form, "reason", most=255)
    if line.redemption is not None:
        goods.take_back(opened, line.redemption, reason=reason, at=storage.now(), by=access.me())
    else:
        ledger.reverse(opened, line, reason=reason, at=storage.now(), by=access.me())
    trail.record("points.reversed", object_kind="points_entry", object_key=str(entry), reason=reason)
    opened.commit()
    return redirect(url_for(".show", number=number))


@pages.post("/points/<int:number>/close")
@access.needs(May.KEEP_POINTS)
def close(number: int) -> ResponseReturnValue:
    """Close an account."""
    accounts.close(storage.session(), _account(number), on=storage.today())
    trail.record("points.account_closed", object_kind="points_account", object_key=str(number))
    storage.session().commit()
    return redirect(url_for(".show", number=number))


@pages.post("/points/<int:number>/statement")
@access.needs(May.KEEP_POINTS)
def export(number: int) -> Response:
    """An account's statement as a file."""
    account = _account(number)
    answer = statement_file(account, request.form)
    trail.record("points.exported", object_kind="points_account", object_key=str(number))
    storage.session().commit()
    return answer


def statement_file(account: PointsAccount, fields: Any) -> Response:
    """A statement in the format and time that a form asks for."""
    opened = storage.session()
    ending = fields.get("format") or FORMATS[0]
    if ending not in FORMATS:
        raise BadInput(N_("%(field)s must be one of: %(allowed)s."), field="format", allowed=", ".join(FORMATS))
    community, since, until = opened.get_one(Community, account.community_id), *_times(fields)
    found = statements.statement(opened, community, account, since=since, until=until)
    table = statements.as_table(found, community)
    name = f"points-{account.number}-{storage.today().isoformat()}{ending}"

    def write(path: Any) -> int:
        write_table(table, path)
        return len(table)

    return sent(name, write)


def _claim(account: PointsAccount) -> None:
    """Enter a claim from a form for an account."""
    opened, form, at = storage.session(), request.form, storage.now()
    community = opened.get_one(Community, account.community_id)
    on = inputs.day(form, "on") or storage.today()
    row = claims.claim(
        opened,
        community,
        account,
        rules.rule(opened, community, inputs.text(form, "rule", most=32), on=on),
        on=on,
        key=key_of(form),
        at=at,
        by=access.me(),
        note=inputs.text(form, "note", most=255),
    )
    trail.record("points.claimed", object_kind="points_claim", object_key=str(row.id), rule=row.rule_id)
    flash(gettext("Entered. Somebody else confirms it.") if row.decided_at is None else gettext("Entered."), "good")


def key_of(form: Any) -> str:
    """What names a form, so that sending it twice does nothing twice.

    Raises
    ------
    webmap.errors.BadInput
        The form has none.
    """
    key = inputs.text(form, "key", most=64)
    if len(key) < 16:
        raise BadInput(N_("The page was open for too long"))
    return key


def _by_hand(community: Community, account: PointsAccount) -> list[Any]:
    found = rules.rules(storage.session(), community, on=storage.today())
    return [one for one in found if one.fact == "by_hand" and rules.serves(one, account.kind)]


def _account(number: int) -> PointsAccount:
    return accounts.get(storage.session(), access.scope(), number)


def _times(fields: Any) -> tuple[date | None, date | None]:
    """From when to before when, from days of which the last is meant to be in."""
    until = inputs.end_of(inputs.day(fields, "until"))
    return inputs.day(fields, "since"), None if until is None else until.date()


def _first(year: int | None) -> date | None:
    return None if year is None else date(year, 1, 1)


def kept() -> Community:
    """The community of this form, if all of it is this person's to keep."""
    community = access.community(request.form.get("community"))
    access.scope().require(community.id)
    return community
