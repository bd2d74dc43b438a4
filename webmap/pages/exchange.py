"""Exchange with other platforms: hand incidents over, take in what they sent, orders of the hotline and answers."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, flash, render_template, request
from flask.typing import ResponseReturnValue

from data import names
from data.errors import DataError, RowsRefused
from data.exchange.write import write_table
from data.models import Community
from geo.datum import DATUMS
from geo.errors import N_, GeoError
from patrols.errors import BadExchange
from patrols.exchange import platforms as step_by_step
from patrols.exchange.giving import Given, give, table_of
from patrols.exchange.keys import platforms
from patrols.exchange.orders import PLATFORM, read_orders, take_orders
from patrols.exchange.replies import replies
from patrols.exchange.sent import read_sent
from patrols.exchange.taking import take
from patrols.intake.sheet import Intake
from webmap import access, errors, inputs, storage, trail, uploads
from webmap.access import May
from webmap.errors import BadInput
from webmap.language import gettext
from webmap.notices.post import Post
from webmap.sending import sent

pages = Blueprint("exchange", __name__)

FORMATS = (".json", ".xlsx", ".csv")
TABLES = (".xlsx", ".csv")


@pages.get("/exchange")
@access.needs(May.IMPORT)
def show() -> str:
    """The forms, and with whom incidents were exchanged."""
    return page(of_form())


@pages.post("/exchange/give")
@access.needs(May.IMPORT)
def hand_over() -> ResponseReturnValue:
    """The file for another platform; with the reporters for a reason, by those who may know them."""
    form, community, ending = request.form, of_form(), _ending(FORMATS)
    reason = inputs.text(form, "reason", most=200)
    if reason and not access.may(May.SEE_REPORTER):
        raise BadInput(N_("You may not see these names: leave the reason empty."))
    platform, since = inputs.text(form, "platform", most=64), inputs.start_of(inputs.day(form, "since"))
    try:
        given = give(
            storage.session(),
            access.scope(),
            community,
            platform,
            since=since,
            named=bool(reason),
            skip_bad=bool(form.get("skip_bad")),
        )
    except RowsRefused as refusal:
        return page(community, refusals=refusal.refusals, giving=True), 422
    facts: dict[str, Any] = {"platform": platform, "rows": len(given.incidents), "reason": reason}
    trail.record("exchange.exported", object_kind="community", object_key=community.code, **facts)
    storage.session().commit()
    return sent(f"{platform}-{community.code}{ending}", lambda path: _write(given, path))


@pages.post("/exchange/take")
@access.needs(May.IMPORT)
def take_in() -> ResponseReturnValue:
    """Take in what another platform sent, whole or not at all."""
    platform = inputs.text(request.form, "platform", most=64)
    return _taken(
        platform,
        lambda file, community, at, skip: take(
            storage.session(), read_sent(file), community, platform, at=at, skip_bad=skip
        ),
    )


@pages.post("/exchange/orders")
@access.needs(May.IMPORT)
def take_in_orders() -> ResponseReturnValue:
    """Take in orders of the hotline, whole or not at all."""
    datum = request.form.get("datum", "")
    return _taken(
        PLATFORM,
        lambda file, community, at, skip: take_orders(
            storage.session(),
            read_orders(file, datum=datum if datum in DATUMS else "wgs84"),
            community,
            at=at,
            skip_bad=skip,
        ),
    )


@pages.post("/exchange/replies")
@access.needs(May.IMPORT)
def answers() -> Response:
    """How the hotline's orders stand and what is answered, as a table; nobody is named."""
    community, ending = of_form(), _ending(TABLES)
    since = inputs.start_of(inputs.day(request.form, "since"))
    table = replies(storage.session(), access.scope(), community, at=storage.now(), since=since)

    def write(path: Path) -> int:
        write_table(table, path)
        return len(table)

    return sent(f"12345-{community.code}{ending}", write)


def _taken(platform: str, taker: Callable[[Path, Community, datetime, bool], Intake]) -> ResponseReturnValue:
    """Take one file in and say what became of it, or say row by row why not."""
    community = of_form()
    access.scope().require(community.id)
    try:
        with uploads.saved("file") as files:
            done = taker(files[0], community, storage.now(), bool(request.form.get("skip_bad")))
    except RowsRefused as refusal:
        return page(community, refusals=refusal.refusals), 422
    except (DataError, GeoError, BadExchange) as refusal:
        return page(community, refused=errors.tell(refusal)), errors.answer_for(refusal).status
    facts: dict[str, Any] = {"platform": platform, "stored": done.stored, "updated": done.updated}
    trail.record("exchange.imported", object_kind="community", object_key=community.code, **facts)
    storage.session().commit()
    flash(gettext("%(new)s new, %(moved)s moved on.", new=done.stored, moved=done.updated), "good")
    return page(community, done=done)


def of_form() -> Community:
    """The community that a form or an address names."""
    return access.community(request.form.get("community") or request.args.get("community"))


def _ending(allowed: tuple[str, ...]) -> str:
    value = request.form.get("format") or allowed[0]
    if value not in allowed:
        raise BadInput(N_("%(field)s must be one of: %(allowed)s."), field="format", allowed=", ".join(allowed))
    return value


def _write(given: Given, path: Path) -> int:
    if path.suffix == ".json":
        path.write_text(json.dumps(given.document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    else:
        write_table(table_of(given.document), path)
    return len(given.incidents)


def page(community: Community, **told: Any) -> str:
    """The page of exchange with what became of what was asked."""
    opened = storage.session()
    return render_template(
        "exchange.html",
        community=community,
        communities=access.communities(),
        known=platforms(opened, community),
        told_at_once=step_by_step.told(opened, community),
        lost=step_by_step.lost(opened, community),
        offices=names.offices_of(opened, community.id),
        site=Post.from_env().site or request.host_url.rstrip("/"),
        platform=request.form.get("platform", "")[:32],
        formats=FORMATS,
        tables=TABLES,
        datums=DATUMS,
        tell=errors.tell_refusal,
        **told,
    )
