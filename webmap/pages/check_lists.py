"""Check-lists that walkers tick: a community's own, changed in place, each change a new version."""

import re
import secrets
from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from data.models import CheckList, Community
from geo.errors import N_
from patrols import check_lists
from patrols.check_lists import Text
from webmap import access, inputs, storage, trail
from webmap.access import May
from webmap.errors import BadInput
from webmap.language import gettext

pages = Blueprint("check_lists", __name__)

BETWEEN = " | "
"""What stands between the Chinese and the English of an item, which has a line of its own."""

LOOK_BACK_DAYS = 30


@pages.get("/check-lists")
@access.needs(May.PLAN_PATROLS)
def listing() -> str:
    """Every list with its form, and what was found of each item lately."""
    opened, community = storage.session(), _community()
    return render_template(
        "check_lists.html",
        community=community,
        communities=access.communities(),
        found=check_lists.in_force(opened, community),
        counts=check_lists.counts(opened, community, since=storage.now() - timedelta(days=LOOK_BACK_DAYS)),
        days=LOOK_BACK_DAYS,
        lines=lines_of,
        most=check_lists.MOST_ITEMS,
    )


@pages.post("/check-lists")
@access.needs(May.PLAN_PATROLS)
def add() -> ResponseReturnValue:
    """A list of the community's own; or, without a name, those to begin with."""
    opened, community = storage.session(), _community()
    if request.form.get("first"):
        check_lists.begin(opened, community, at=storage.now())
        return _done(community, gettext("The check-lists are there. Change them as you need."))
    made = check_lists.change(
        opened, community, f"own-{secrets.token_hex(4)}", _title(), items_in(_items()), at=storage.now(), seen=0
    )
    return _kept(community, made, gettext("The check-list is offered from now on."))


@pages.post("/check-lists/<code>")
@access.needs(May.PLAN_PATROLS)
def change(code: str) -> ResponseReturnValue:
    """The next version of a list."""
    opened, community = storage.session(), _community()
    known = check_lists.get(opened, community, code)
    seen = inputs.whole(request.form, "version") or 0
    made = check_lists.change(opened, community, known.code, _title(), items_in(_items()), at=storage.now(), seen=seen)
    return _kept(community, made, gettext("Kept. Phones take the change along when they are next connected."))


@pages.post("/check-lists/<code>/withdraw")
@access.needs(May.PLAN_PATROLS)
def withdraw(code: str) -> ResponseReturnValue:
    """Offer a list no more."""
    opened, community = storage.session(), _community()
    check_lists.withdraw(opened, check_lists.get(opened, community, code), at=storage.now())
    trail.record("check_list.withdrawn", object_kind="check_list", object_key=code, community=community.code)
    return _done(community, gettext("The check-list is offered no more. What was answered stays."))


def items_in(text: str) -> list[Text]:
    """The items of a text, one a line; English, where it is given, behind a bar.

    Examples
    --------
    >>> items_in("路平 | even roads\\n\\n 灯亮 ")
    [Text(zh='路平', en='even roads'), Text(zh='灯亮', en='')]
    """
    split = (re.split(r"\s*[|｜]\s*", line.strip(), maxsplit=1) for line in text.splitlines() if line.strip())
    return [Text(parts[0], parts[1] if len(parts) > 1 else "") for parts in split]


def lines_of(check_list: CheckList) -> str:
    """The items of a list as `items_in` reads them."""
    return "\n".join(item.zh if item.en == item.zh else f"{item.zh}{BETWEEN}{item.en}" for item in check_list.items)


def _items() -> str:
    text = inputs.text(request.form, "items", most=20_000)
    if any(len(part) > 128 for one in items_in(text) for part in one):
        raise BadInput(N_("%(field)s: at most %(most)s characters."), field=gettext("Item"), most=128)
    return text


def _title() -> Text:
    return Text(inputs.text(request.form, "zh", most=64), inputs.text(request.form, "en", most=64))


def _community() -> Community:
    community = access.community(request.values.get("community"))
    access.scope().require(community.id)
    return community


def _kept(community: Community, made: CheckList, told: str) -> ResponseReturnValue:
    facts = {"community": community.code, "version": made.version}
    trail.record("check_list.changed", object_kind="check_list", object_key=made.code, **facts)
    return _done(community, told)


def _done(community: Community, told: str) -> ResponseReturnValue:
    storage.session().commit()
    flash(told, "good")
    return redirect(url_for(".listing", community=community.code))
