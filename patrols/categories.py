"""Categories: which are offered, finding one by a few letters, keeping them, and which is which of another family."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from data.errors import Conflict, NotFound
from data.models import Category, CategoryFamily, CategoryMapping, Community, Incident
from geo.errors import N_
from patrols import category_fields
from patrols.errors import BadCategory
from patrols.spelling import spell

ICONS = (
    *("manhole", "lamp", "fire", "gas", "snow", "water", "charging", "car", "dog", "noise", "tree", "rubble"),
    *("rubbish", "poster", "stall", "road", "hoarding", "door", "fitness", "household", "dispute", "question"),
)
"""Words for the pictures that the pages have."""

LOOKED_BACK = 200
"""So many of a community's last incidents say what is reported lately: a season's work, found by one index."""

OFFERED = 8
"""So many categories of late come first."""


def in_use(session: Session) -> list[Category]:
    """The categories that are offered, family by family, in the order that each family gives them."""
    return list(session.scalars(_ordered().where(Category.retired.is_(False))))


def every(session: Session) -> list[Category]:
    """All categories, the retired ones too: incidents keep theirs, and are told under the name that it has now."""
    return list(session.scalars(_ordered()))


def of_family(session: Session, family: str) -> list[Category]:
    """All categories of one family, the retired ones too."""
    return list(session.scalars(_ordered().where(Category.family == family)))


def families(session: Session) -> list[CategoryFamily]:
    """The families there are; of one that nobody described, its own word is its name."""
    known = {row.family: row for row in session.scalars(select(CategoryFamily))}
    used = set(session.scalars(select(Category.family).distinct()))
    unknown = {name: CategoryFamily(family=name, zh=name, en=name, example=False, source="") for name in used}
    return [row for _name, row in sorted({**unknown, **known}.items())]


def recent(session: Session, community: Community, *, most: int = OFFERED) -> list[int]:
    """The ids of the categories that a community's last incidents were about, the most frequent first.

    Of equal ones, that of the later incident comes first.
    """
    last = (
        select(Incident.category_id)
        .where(Incident.community_id == community.id)
        .order_by(Incident.found_at.desc(), Incident.id.desc())
        .limit(LOOKED_BACK)
    )
    counts = Counter(key for key in session.scalars(last) if key is not None)
    return [key for key, _count in counts.most_common(most)]


def search(found: Iterable[Category], text: str) -> list[Category]:
    """Those categories that a few letters may mean, the likeliest first; all of them for a blank.

    Looked for are parts of the Chinese and English name, the beginning of the code, the pinyin without tones, and its
    first letters. Names that begin so come before names that hold it, and those before what is only spelt like it.
    """
    wanted = _plain(text)
    ranked = [(_rank(one, wanted), one) for one in found] if wanted else [(0, one) for one in found]
    return [one for rank, one in sorted(ranked, key=lambda pair: pair[0] or 0) if rank is not None]


def get(session: Session, key: int) -> Category:
    """One category.

    Raises
    ------
    NotFound
        If there is none with that key.
    """
    found = session.get(Category, key)
    if found is None:
        raise NotFound(N_("There is no such category any more. Choose another."))
    return found


def find(session: Session, family: str, kind: str, code: str) -> Category | None:
    """The category of a family, kind and code."""
    wanted = select(Category).where(Category.family == family, Category.kind == kind, Category.code == code)
    return session.scalars(wanted).one_or_none()


def add(session: Session, *, family: str, kind: str, code: str, zh: str, en: str, **more: Any) -> Category:
    """Add one category at the end of its family; `more` as in `change`.

    Raises
    ------
    Conflict
        If the family has that code already.
    BadCategory
        If something cannot be kept.
    """
    if not (family and kind and code):
        raise BadCategory(N_("A category needs a family, a kind and a code."))
    if find(session, family, kind, code) is not None:
        raise Conflict(N_("The family has the code %(code)s already."), code=f"{family}/{kind}/{code}")
    last = max((one.position for one in of_family(session, family)), default=0)
    made = Category(family=family, kind=kind, code=code, zh=zh, en=en, position=last + 1)
    change(made, zh=zh, en=en, **more)
    session.add(made)
    session.flush()
    return made


def change(
    category: Category,
    *,
    zh: str,
    en: str,
    group_zh: str = "",
    group_en: str = "",
    icon: str = "",
    sensitive: bool = False,
    retired: bool = False,
    fields: dict[str, Any] | None = None,
) -> None:
    """Give a category other names, another picture or other questions. Its family, kind and code stay for good.

    Raises
    ------
    BadCategory
        Without a name, with a picture that there is not, or with questions that no form can ask.
    """
    if not zh.strip():
        raise BadCategory(N_("A category needs a Chinese name."))
    if icon and icon not in ICONS:
        raise BadCategory(N_("There is no picture called %(icon)s."), icon=icon)
    checked = category_fields.check(fields)
    category.zh, category.en = zh.strip(), en.strip() or zh.strip()
    category.group_zh, category.group_en = group_zh.strip(), group_en.strip() or group_zh.strip()
    category.icon, category.sensitive, category.retired = icon, sensitive, retired
    category.fields = checked


def move(session: Session, category: Category, *, up: bool) -> None:
    """Move a category one place up or down in its family; at either end it stays."""
    rows = of_family(session, category.family)
    here = rows.index(category)
    there = here + (-1 if up else 1)
    if 0 <= there < len(rows):
        rows[here], rows[there] = rows[there], rows[here]
    for position, row in enumerate(rows, start=1):
        row.position = position
    session.flush()


def map_to(session: Session, category: Category, family: str, other: Category | None) -> None:
    """Say which category of another family this one is told as; None: none.

    Raises
    ------
    BadCategory
        If the other one is of the same family.
    """
    if family == category.family or (other is not None and other.family != family):
        raise BadCategory(N_("A category is mapped to one of another family."))
    theirs = select(Category.id).where(Category.family == family)
    session.execute(
        delete(CategoryMapping).where(CategoryMapping.category_id == category.id, CategoryMapping.other_id.in_(theirs))
    )
    if other is not None:
        session.add(CategoryMapping(category_id=category.id, other_id=other.id))
    session.flush()


def mappings(session: Session, family: str) -> dict[int, dict[str, Category]]:
    """Of each category of a family that is mapped, what it is told as in which other family. One query."""
    other = select(CategoryMapping.category_id, Category).join(Category, Category.id == CategoryMapping.other_id)
    ours = select(Category.id).where(Category.family == family)
    found: dict[int, dict[str, Category]] = {}
    for key, told in session.execute(other.where(CategoryMapping.category_id.in_(ours)).order_by(Category.id)):
        found.setdefault(key, {})[told.family] = told
    return found


def counterpart(session: Session, category: Category, family: str) -> Category | None:
    """The category of another family that this one is.

    What it is mapped to; else, of those there that are mapped to it, the only one; else None. One of the family itself
    is itself.
    """
    if category.family == family:
        return category
    to = select(Category).join(CategoryMapping, CategoryMapping.other_id == Category.id)
    of = select(Category).join(CategoryMapping, CategoryMapping.category_id == Category.id)
    found = session.scalars(to.where(CategoryMapping.category_id == category.id, Category.family == family)).first()
    if found is not None:
        return found
    back = session.scalars(of.where(CategoryMapping.other_id == category.id, Category.family == family)).all()
    return back[0] if len(back) == 1 else None


def first_those(found: Sequence[Category], recent_ids: Sequence[int]) -> tuple[list[Category], list[Category]]:
    """The categories of late, in their order, and all others as they were."""
    by_id = {one.id: one for one in found}
    first = [by_id[key] for key in recent_ids if key in by_id]
    return first, [one for one in found if one not in first]


def _ordered() -> Any:
    return select(Category).order_by(Category.family, Category.position, Category.kind, Category.code)


def _plain(text: str) -> str:
    return "".join(text.lower().split())


def _rank(category: Category, wanted: str) -> int | None:
    """How likely a category is meant: 0 the likeliest, None not at all."""
    names = (_plain(category.zh), _plain(category.en))
    spelt, group = spell(category.zh), (_plain(category.group_zh or ""), _plain(category.group_en or ""))
    tests = (
        any(name.startswith(wanted) for name in names),
        any(wanted in name for name in names) or category.code.lower().startswith(wanted),
        spelt.initials.startswith(wanted),
        spelt.pinyin.startswith(wanted),
        wanted in spelt.initials,
        len(wanted) > 1 and wanted in spelt.pinyin,
        len(wanted) > 1 and any(wanted in name for name in group),
    )
    return next((rank for rank, holds in enumerate(tests) if holds), None)
