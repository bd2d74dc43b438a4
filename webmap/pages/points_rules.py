"""What earns points and what they are redeemed for: areas, rules and goods, as the community sets them."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from data.models import ConfirmedBy, PointsFact
from patrols.points import goods, rules
from patrols.points.rules import Terms
from webmap import access, inputs, storage, trail
from webmap.access import May
from webmap.pages.points import kept

pages = Blueprint("points_rules", __name__)


@pages.get("/points/rules")
@access.needs(May.SEE_POINTS)
def show() -> str:
    """The rules in force, those before them, and (for the office) forms to change them."""
    opened, community, today = storage.session(), access.community(), storage.today()
    held = rules.rules(opened, community, on=today)
    numbers = {one.id for one in held}
    return render_template(
        "points_rules.html",
        community=community,
        communities=access.communities(),
        areas=rules.areas(opened, community),
        held=held,
        others=[one for one in rules.versions(opened, community) if one.id not in numbers],
        facts=list(PointsFact),
        confirmers=list(ConfirmedBy),
        today=today,
        keeps=access.may(May.KEEP_POINTS) and access.scope().allows(community.id),
    )


@pages.post("/points/begin")
@access.needs(May.KEEP_POINTS)
def begin() -> ResponseReturnValue:
    """Begin with the three areas and the usual rules."""
    opened, community = storage.session(), kept()
    rules.begin(opened, community, on=storage.today())
    trail.record("points.begun", object_kind="community", object_key=community.code)
    opened.commit()
    return redirect(url_for(".show", community=community.code))


@pages.post("/points/areas")
@access.needs(May.KEEP_POINTS)
def rename_area() -> ResponseReturnValue:
    """Give an area another name."""
    opened, community, form = storage.session(), kept(), request.form
    area = rules.area(opened, community, inputs.text(form, "area", most=32))
    rules.rename_area(opened, area, zh=inputs.text(form, "zh", most=64), en=inputs.text(form, "en", most=64))
    trail.record("points.area_renamed", object_kind="community", object_key=community.code, area=area.code)
    opened.commit()
    return redirect(url_for(".show", community=community.code))


@pages.post("/points/rules")
@access.needs(May.KEEP_POINTS)
def set_rule() -> ResponseReturnValue:
    """Put a rule in force, or change one from a day on."""
    opened, community = storage.session(), kept()
    on = max(inputs.day(request.form, "on") or storage.today(), storage.today())
    row = rules.set_rule(opened, community, _terms(), on=on)
    facts = {"code": row.code, "points": row.points, "from": on.isoformat()}
    trail.record("points.rule_set", object_kind="points_rule", object_key=str(row.id), **facts)
    opened.commit()
    return redirect(url_for(".show", community=community.code))


@pages.post("/points/rules/end")
@access.needs(May.KEEP_POINTS)
def end_rule() -> ResponseReturnValue:
    """End a rule."""
    opened, community, today = storage.session(), kept(), storage.today()
    row = rules.rule(opened, community, inputs.text(request.form, "code", most=32), on=today)
    rules.end_rule(opened, row, max(inputs.day(request.form, "on") or today, today))
    trail.record("points.rule_ended", object_kind="points_rule", object_key=str(row.id), code=row.code)
    opened.commit()
    return redirect(url_for(".show", community=community.code))


@pages.get("/points/goods")
@access.needs(May.SEE_POINTS)
def catalogue() -> str:
    """The goods and what is in stock."""
    opened, community = storage.session(), access.community()
    return render_template(
        "points_goods.html",
        community=community,
        communities=access.communities(),
        offers=goods.catalogue(opened, community),
        areas=rules.areas(opened, community),
        keeps=access.may(May.KEEP_POINTS) and access.scope().allows(community.id),
    )


@pages.post("/points/goods")
@access.needs(May.KEEP_POINTS)
def set_good() -> ResponseReturnValue:
    """Put a good into the catalogue, or change its price."""
    opened, community, form = storage.session(), kept(), request.form
    area = inputs.text(form, "area", most=32)
    row = goods.set_good(
        opened,
        community,
        inputs.text(form, "name", most=128),
        inputs.whole(form, "points", least=1, most=1_000_000) or 0,
        area=rules.area(opened, community, area) if area else None,
    )
    pieces = inputs.whole(form, "pieces", most=100_000) or 0
    if pieces:
        goods.deliver(opened, row, pieces, at=storage.now(), by=access.me())
    facts = {"points": row.points, "pieces": pieces}
    trail.record("points.good_set", object_kind="points_good", object_key=str(row.id), **facts)
    opened.commit()
    return redirect(url_for(".catalogue", community=community.code))


@pages.post("/points/goods/<int:number>/stock")
@access.needs(May.KEEP_POINTS)
def deliver(number: int) -> ResponseReturnValue:
    """Add pieces that came, or take away what a count showed to be missing."""
    opened, community, form = storage.session(), kept(), request.form
    pieces = inputs.whole(form, "pieces", most=100_000) or 0
    if form.get("missing"):
        pieces = -pieces
    note = inputs.text(form, "note", most=255)
    good = goods.good(opened, community, number)
    left = goods.deliver(opened, good, pieces, at=storage.now(), by=access.me(), note=note)
    trail.record("points.stock_moved", object_kind="points_good", object_key=str(number), pieces=pieces, left=left)
    opened.commit()
    return redirect(url_for(".catalogue", community=community.code))


@pages.post("/points/goods/<int:number>/withdraw")
@access.needs(May.KEEP_POINTS)
def withdraw(number: int) -> ResponseReturnValue:
    """Offer a good no longer."""
    opened, community = storage.session(), kept()
    goods.withdraw(opened, goods.good(opened, community, number))
    trail.record("points.good_withdrawn", object_kind="points_good", object_key=str(number))
    opened.commit()
    return redirect(url_for(".catalogue", community=community.code))


def _terms() -> Terms:
    form = request.form
    caps: dict[str, Any] = {
        name: inputs.whole(form, name, most=1_000_000) for name in ("cap_day", "cap_month", "cap_year")
    }
    return Terms(
        code=inputs.text(form, "code", most=32),
        area=inputs.text(form, "area", most=32),
        zh=inputs.text(form, "zh", most=128),
        en=inputs.text(form, "en", most=128) or inputs.text(form, "zh", most=128),
        points=inputs.whole(form, "points", most=1_000_000) or 0,
        fact=inputs.word(form, "fact", PointsFact) or PointsFact.BY_HAND,
        least=inputs.whole(form, "least", most=24 * 60) or 0,
        confirmed_by=inputs.word(form, "confirmed_by", ConfirmedBy) or ConfirmedBy.MANAGER,
        for_persons=bool(form.get("for_persons")),
        for_households=bool(form.get("for_households")),
        for_shops=bool(form.get("for_shops")),
        **caps,
    )
