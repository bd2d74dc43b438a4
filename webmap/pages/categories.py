"""Categories: the families there are, each category with what it asks and is told as, and dictionaries in and out.

All communities share them. Managers look at them and make rules for their own community; administrators change them.
"""

import json
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from data.dictionaries import EXAMPLES, read_example
from data.errors import NotFound, UnreadableFile
from data.models import Category
from geo.errors import N_
from patrols import categories, category_fields, category_files
from patrols.category_fields import LONGEST, MOST, Question
from patrols.spelling import spell
from webmap import access, inputs, language, question_forms, storage, trail, uploads
from webmap.access import May
from webmap.door.pictures import picture_of
from webmap.errors import BadInput
from webmap.language import gettext
from webmap.words import named

pages = Blueprint("categories", __name__)

PICTURES = {
    **{"manhole": N_("manhole cover"), "lamp": N_("lamp"), "fire": N_("fire"), "gas": N_("gas and smoke")},
    **{"snow": N_("snow and ice"), "water": N_("water"), "charging": N_("bicycle and scooter"), "car": N_("car")},
    **{"dog": N_("animals"), "noise": N_("noise"), "tree": N_("trees"), "rubble": N_("piled-up things")},
    **{"rubbish": N_("rubbish"), "poster": N_("posters"), "stall": N_("stall"), "road": N_("road")},
    **{"hoarding": N_("hoarding"), "door": N_("door and lock"), "fitness": N_("fitness equipment")},
    **{"household": N_("people"), "dispute": N_("two who talk"), "question": N_("question mark")},
}
"""What each picture shows."""

MOST_BYTES = 4 * 1024 * 1024


@pages.get("/categories")
@access.needs(May.SET_HANDLING)
def listing() -> str:
    """The families, and the categories of one of them."""
    opened, asked = storage.session(), inputs.text(request.args, "q", most=40)
    families = categories.families(opened)
    known = [one.family for one in families]
    family = request.args.get("family", known[0] if known else "")
    return render_template(
        "categories.html",
        families=families,
        family=next((one for one in families if one.family == family), None),
        found=categories.search(categories.of_family(opened, family), asked),
        mappings=categories.mappings(opened, family),
        missing=[name for name in EXAMPLES if name not in known],
        communities=access.communities(),
        is_example=family in EXAMPLES,
        picture_of=picture_of,
    )


@pages.get("/categories/<int:key>")
@access.needs(May.SET_HANDLING)
def show(key: int) -> str:
    """One category with its form."""
    return _page(categories.get(storage.session(), key))


@pages.post("/categories/<int:key>")
@access.needs(May.SET_CATEGORIES)
def change(key: int) -> ResponseReturnValue:
    """Change names, picture, questions and what it is told as."""
    opened, form = storage.session(), request.form
    category = categories.get(opened, key)
    categories.change(category, **_names(form), fields=question_forms.read(form))
    for family, others in _others(category).items():
        wanted = _chosen(form.get(f"as_{family}", ""), others)
        categories.map_to(opened, category, family, wanted)
    return _kept(category, "category.changed", gettext("Kept."))


@pages.post("/categories/<int:key>/move")
@access.needs(May.SET_CATEGORIES)
def move(key: int) -> ResponseReturnValue:
    """Move it one place up or down."""
    opened = storage.session()
    category = categories.get(opened, key)
    categories.move(opened, category, up=request.form.get("way") == "up")
    opened.commit()
    return redirect(url_for(".listing", family=category.family, _anchor=f"c{category.id}"))


@pages.post("/categories")
@access.needs(May.SET_CATEGORIES)
def add() -> ResponseReturnValue:
    """Add one to a family; what it asks is said on its own page."""
    form = request.form
    made = categories.add(
        storage.session(),
        family=inputs.text(form, "family", most=32),
        kind=inputs.text(form, "kind", most=32),
        code=inputs.text(form, "code", most=32),
        **_names(form),
    )
    return _kept(made, "category.added", gettext("The category is offered from now on."))


@pages.post("/categories/examples")
@access.needs(May.SET_CATEGORIES)
def examples() -> ResponseReturnValue:
    """Take in the example dictionaries that are not there yet; what is there stays as it is."""
    opened = storage.session()
    there = {one.family for one in categories.families(opened)}
    new = 0
    for family in EXAMPLES:
        if family not in there:
            new += category_files.take(opened, read_example(family), file=f"{family}.json").new
    trail.record("categories.examples", new=new)
    opened.commit()
    flash(
        gettext("%(new)s categories are new. They are examples: change them as your place prescribes.", new=new), "good"
    )
    return redirect(url_for(".listing"))


@pages.post("/categories/rules")
@access.needs(May.SET_HANDLING)
def rules() -> ResponseReturnValue:
    """Give a community the limits and offices that an example suggests, where it has no rule yet."""
    opened, family = storage.session(), request.form.get("family", "")
    community = access.community(request.form.get("community"))
    access.scope().require(community.id)
    if family not in EXAMPLES:
        raise BadInput(N_("Choose one of the examples."))
    begun = category_files.begin_rules(opened, community, read_example(family))
    trail.record("categories.rules", object_kind="community", object_key=community.code, family=family, begun=begun)
    opened.commit()
    flash(gettext("%(begun)s rules are new. Look them over.", begun=begun), "good")
    return redirect(url_for("handling.show", community=community.code))


@pages.post("/categories/import")
@access.needs(May.SET_CATEGORIES)
def take() -> ResponseReturnValue:
    """Take in a dictionary from a file, whole or not at all."""
    with uploads.saved("file") as paths:
        file, content = paths[0].name, paths[0].read_bytes()
    taken = category_files.take(storage.session(), _document(file, content), file=file)
    trail.record("categories.imported", file=file, new=taken.new, changed=taken.changed)
    storage.session().commit()
    said = gettext(
        "%(new)s new, %(changed)s changed, %(same)s as before.", new=taken.new, changed=taken.changed, same=taken.same
    )
    flash(said, "good")
    return redirect(url_for(".listing"))


@pages.get("/categories/<family>.json")
@access.needs(May.SET_HANDLING)
def handed_out(family: str) -> Response:
    """A family as a file that can be taken in elsewhere; with a community's own limits, if one is chosen."""
    community = access.community() if request.args.get("community") else None
    if family not in {one.family for one in categories.families(storage.session())}:
        raise NotFound(N_("There is no family of categories called %(family)s."), family=family)
    document = category_files.document_of(storage.session(), family, community=community)
    answer = Response(json.dumps(document, ensure_ascii=False, indent=1), mimetype="application/json")
    answer.headers["Content-Disposition"] = "attachment; filename=categories.json"
    return answer


@pages.app_template_filter("letters")
def letters(category: Category) -> str:
    """What a category is found by besides its name: pinyin, first letters, the other language, code and group."""
    spelt = spell(category.zh)
    words = (
        spelt.pinyin,
        spelt.initials,
        category.zh,
        category.en,
        category.code,
        category.group_zh,
        category.group_en,
    )
    return " ".join("".join(word.lower().split()) for word in words if word)


@pages.app_template_filter("categories_by_group")
def by_group(found: Iterable[Category]) -> list[tuple[str, list[Category]]]:
    """Categories under the names of their groups, in their order; those without one under their family's word."""

    def of(one: Category) -> tuple[str, str, str]:
        return one.family, one.kind, one.group_zh

    return [(_group(rows[0]), rows) for _key, same in groupby(found, of) for rows in [list(same)]]


@pages.app_template_filter("questions")
def questions(category: Category) -> list[Question]:
    """What is asked about incidents of a category."""
    return category_fields.questions(category)


@pages.app_template_filter("of_two")
def of_two(pair: tuple[str, str]) -> str:
    """The one in the reader's language of a text in Chinese and in English."""
    return pair[0] if language.current() == "zh" else pair[1]


def _group(category: Category) -> str:
    zh, en = category.group_zh or category.family, category.group_en or category.group_zh or category.family
    return of_two((zh, en))


def _page(category: Category) -> str:
    opened = storage.session()
    return render_template(
        "category.html",
        category=category,
        picture=picture_of(category),
        rows=question_forms.rows(category),
        kinds=question_forms.KINDS,
        most=MOST,
        longest=LONGEST,
        icons={one: PICTURES[one] for one in categories.ICONS},
        others=_others(category),
        family_names={one.family: named(one) for one in categories.families(opened)},
        mapped=categories.mappings(opened, category.family).get(category.id, {}),
    )


def _others(category: Category) -> dict[str, list[Category]]:
    """The categories of all other families."""
    opened = storage.session()
    names = (one.family for one in categories.families(opened) if one.family != category.family)
    return {name: categories.of_family(opened, name) for name in names}


def _chosen(text: str, others: list[Category]) -> Category | None:
    if not text:
        return None
    found = next((one for one in others if str(one.id) == text), None)
    if found is None:
        raise BadInput(N_("There is no such category any more. Choose another."))
    return found


def _names(form: Mapping[str, str]) -> dict[str, Any]:
    texts = {name: inputs.text(form, name, most=64) for name in ("zh", "en", "group_zh", "group_en")}
    marks = {name: form.get(name) == "1" for name in ("sensitive", "retired")}
    return {**texts, **marks, "icon": inputs.text(form, "icon", most=32)}


def _document(file: str, content: bytes) -> Any:
    try:
        return json.loads(content[: MOST_BYTES + 1].decode("utf-8-sig"))
    except (ValueError, RecursionError) as wrong:
        raise UnreadableFile(N_("%(file)s cannot be read as JSON: %(why)s"), file=file, why=str(wrong)[:120]) from wrong


def _kept(category: Category, action: str, said: str) -> ResponseReturnValue:
    key = f"{category.family}/{category.kind}/{category.code}"
    trail.record(action, object_kind="category", object_key=key, zh=category.zh, asks=len(questions(category)))
    storage.session().commit()
    flash(said, "good")
    return redirect(url_for(".show", key=category.id))
