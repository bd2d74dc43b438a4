"""Dictionaries of categories as files: taken in whole or not at all, and handed out again."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from data import names
from data.errors import Refusal, RowsRefused, UnreadableFile
from data.models import Category, CategoryFamily, Community, LimitUnit, TriageRule
from geo.errors import N_, Fault
from patrols import categories, handling
from patrols.deadlines import Limit

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

FORMAT, VERSION = "gridpatrol categories", 1
MOST = 2000
"""So many categories in one file at most."""

_WORD = {"type": "string", "minLength": 1, "maxLength": 32, "pattern": r"^[^/\s]+$"}
_NAME = {"type": "string", "maxLength": 64}
_OTHER = {
    "type": "object",
    "properties": {"family": _WORD, "kind": _WORD, "code": _WORD},
    "required": ["family", "kind", "code"],
    "additionalProperties": False,
}
_LIMIT = {
    "type": "object",
    "properties": {"amount": {"type": "number"}, "unit": {"enum": [unit.value for unit in LimitUnit]}},
    "required": ["amount", "unit"],
    "additionalProperties": False,
}
_ROW = {
    "type": "object",
    "properties": {
        **{"kind": _WORD, "code": _WORD, "icon": {"enum": ["", *categories.ICONS]}},
        **{"zh": {**_NAME, "minLength": 1}, "en": _NAME, "group_zh": _NAME, "group_en": _NAME},
        **{"sensitive": {"type": "boolean"}, "retired": {"type": "boolean"}, "fields": {"type": "object"}},
        **{"limit": _LIMIT, "office": _NAME, "same_as": {"type": "array", "items": _OTHER}},
    },
    "required": ["kind", "code", "zh"],
    "additionalProperties": False,
}
DOCUMENT = {
    "type": "object",
    "properties": {
        **{"format": {"const": FORMAT}, "version": {"const": VERSION}, "family": _WORD},
        **{"zh": {**_NAME, "minLength": 1}, "en": _NAME, "example": {"type": "boolean"}},
        "source": {"type": "string", "maxLength": 255},
        "categories": {"type": "array", "items": _ROW, "minItems": 1, "maxItems": MOST},
    },
    "required": ["format", "version", "family", "zh", "categories"],
    "additionalProperties": False,
}
"""What a file holds, as JSON Schema."""

_KEPT = ("zh", "en", "group_zh", "group_en", "icon", "sensitive", "retired", "fields")


@dataclass(frozen=True)
class Taken:
    """What became of a file's categories: how many are new, changed or as before, and how many are mapped."""

    new: int
    changed: int
    same: int
    mapped: int


def take(session: Session, document: Any, *, file: str) -> Taken:
    """Take in one family: new categories are added, known ones get the file's words, those it lacks stay as they are.

    A category is known by family, kind and code. The order is the file's.

    Parameters
    ----------
    document : object
        As read from JSON.
    file : str
        The file's name, as the person knows it.

    Raises
    ------
    UnreadableFile
        If it is no such document at all.
    RowsRefused
        If categories cannot be kept; nothing is stored. Rows are counted from 1.
    """
    rows = _checked(document, file)
    family = document["family"]
    _keep_family(session, document)
    known = {(one.kind, one.code): one for one in categories.of_family(session, family)}
    counts = {"new": 0, "changed": 0, "same": 0}
    refusals: list[Refusal] = []
    for position, row in enumerate(rows, start=1):
        try:
            counts[_keep(session, known, family, row, position)] += 1
        except Fault as fault:
            refusals.append(Refusal(file, position, row["code"], fault.template, fault.facts))
    if refusals:
        raise RowsRefused(refusals)
    session.flush()
    mapped = _map(session, known, rows, file)
    return Taken(**counts, mapped=mapped)


def document_of(session: Session, family: str, *, community: Community | None = None) -> dict[str, Any]:
    """One family as `take` reads it; with a community's own limits and offices, where one is named."""
    told = next(one for one in categories.families(session) if one.family == family)
    mapped = categories.mappings(session, family)
    rules = _rules(session, community) if community is not None else {}
    return {
        **{"format": FORMAT, "version": VERSION, "family": family, "zh": told.zh, "en": told.en},
        **{"example": told.example, "source": told.source},
        "categories": [
            _row_of(one, mapped.get(one.id, {}), rules.get(one.id)) for one in categories.of_family(session, family)
        ],
    }


def begin_rules(session: Session, community: Community, document: Mapping[str, Any]) -> int:
    """Give a community the limits and offices that a document suggests, for categories that have no rule there yet.

    The office is the only one of the community whose name begins with the document's word; else none is named.

    Returns
    -------
    int
        How many rules are new.
    """
    offices = names.offices_of(session, community.id)
    have = set(session.scalars(select(TriageRule.category_id).where(TriageRule.community_id == community.id)))
    known = {(one.kind, one.code): one for one in categories.of_family(session, document["family"])}
    begun = 0
    for row in document["categories"]:
        category = known.get((row["kind"], row["code"]))
        if category is None or category.id in have or "limit" not in row:
            continue
        word = row.get("office", "")
        fitting = [office for office in offices if word and office.name.startswith(word)]
        limit = Limit(row["limit"]["amount"], LimitUnit(row["limit"]["unit"]))
        handling.set_rule(session, community, category, fitting[0] if len(fitting) == 1 else None, limit)
        begun += 1
    return begun


def _checked(document: Any, file: str) -> list[dict[str, Any]]:
    """The rows, once the document has the right form and no category twice."""
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise UnreadableFile(
            N_('%(file)s is no dictionary of categories: it must be JSON with "format": "%(format)s".'),
            file=file,
            format=FORMAT,
        )
    refusals = []
    for wrong in list(_validator().iter_errors(document))[:100]:
        path = list(wrong.absolute_path)
        row = int(path[1]) + 1 if len(path) > 1 else None
        where = ".".join(str(part) for part in (path[2:] if row else path)) or None
        refusals.append(Refusal(file, row, where, N_("This does not fit: %(why)s"), {"why": wrong.message[:200]}))
    if refusals:
        raise RowsRefused(refusals)
    rows: list[dict[str, Any]] = document["categories"]
    seen: dict[tuple[str, str], int] = {}
    for position, one in enumerate(rows, start=1):
        first = seen.setdefault((one["kind"], one["code"]), position)
        if first != position:
            facts = {"row": first}
            refusals.append(Refusal(file, position, "code", N_("The same kind and code stand in row %(row)s."), facts))
    if refusals:
        raise RowsRefused(refusals)
    return rows


@cache
def _validator() -> "Draft202012Validator":
    # Brought in here: it takes a third of a second, which every start of the program would pay for.
    from jsonschema import Draft202012Validator

    return Draft202012Validator(DOCUMENT)


def _keep_family(session: Session, document: Mapping[str, Any]) -> None:
    family = session.get(CategoryFamily, document["family"])
    if family is None:
        family = CategoryFamily(family=document["family"])
        session.add(family)
    family.zh, family.en = document["zh"], document.get("en") or document["zh"]
    family.example, family.source = document.get("example", False), document.get("source", "")


def _keep(
    session: Session, known: dict[tuple[str, str], Category], family: str, row: Mapping[str, Any], position: int
) -> str:
    """Keep one row; whether it is new, changed or as before."""
    category = known.get((row["kind"], row["code"]))
    new = category is None
    if category is None:
        category = Category(family=family, kind=row["kind"], code=row["code"])
        known[row["kind"], row["code"]] = category
    before = {name: getattr(category, name) for name in _KEPT}
    categories.change(
        category,
        zh=row["zh"],
        en=row.get("en", ""),
        group_zh=row.get("group_zh", ""),
        group_en=row.get("group_en", ""),
        icon=row.get("icon", ""),
        sensitive=row.get("sensitive", False),
        retired=row.get("retired", False),
        fields=row.get("fields"),
    )
    category.position = position
    if new:
        session.add(category)
        return "new"
    return "same" if before == {name: getattr(category, name) for name in _KEPT} else "changed"


def _map(session: Session, known: Mapping[tuple[str, str], Category], rows: list[dict[str, Any]], file: str) -> int:
    """Map the categories as the file says; refuse the file if it names one that there is not."""
    refusals, mapped = [], 0
    for position, row in enumerate(rows, start=1):
        for other in row.get("same_as", ()):
            found = categories.find(session, other["family"], other["kind"], other["code"])
            if found is None:
                template = N_("There is no category %(value)s. Take in its family first.")
                facts = {"value": "/".join(other.values())}
                refusals.append(Refusal(file, position, "same_as", template, facts))
                continue
            categories.map_to(session, known[row["kind"], row["code"]], found.family, found)
            mapped += 1
    if refusals:
        raise RowsRefused(refusals)
    return mapped


def _rules(session: Session, community: Community) -> dict[int, tuple[TriageRule, str]]:
    return {
        category.id: (rule, office.name if office else "")
        for rule, category, office in handling.rules(session, community)
        if category is not None
    }


def _row_of(category: Category, mapped: Mapping[str, Category], rule: tuple[TriageRule, str] | None) -> dict[str, Any]:
    return dict(_parts_of(category, mapped, rule))


def _parts_of(
    category: Category, mapped: Mapping[str, Category], rule: tuple[TriageRule, str] | None
) -> Iterator[tuple[str, Any]]:
    yield from (("kind", category.kind), ("code", category.code), ("zh", category.zh), ("en", category.en))
    yield from ((name, getattr(category, name)) for name in _KEPT[2:] if getattr(category, name))
    if rule is not None:
        yield "limit", {"amount": rule[0].amount, "unit": rule[0].unit.value}
        if rule[1]:
            yield "office", rule[1]
    if mapped:
        others = (mapped[name] for name in sorted(mapped))
        yield "same_as", [{"family": one.family, "kind": one.kind, "code": one.code} for one in others]
