"""What the page takes along, so that a walk needs no signal."""

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, json, request
from sqlalchemy.orm import Session

from data.models import Category, CheckList, Community, Person, Team, WalkPhone
from patrols import categories, check_lists, check_points, consents, photos, told_walks, walk_kit, walk_phones, walks
from patrols.rules import Rules
from patrols.spelling import spell
from webmap import language, storage
from webmap.walk import bearer, fields

MOST_THINGS = 200
MOST_WORDS = 2000


def add_to(walk: Blueprint) -> None:
    """Add this address."""
    walk.add_url_rule("/kit", "kit", kit)


@bearer.of_phone
def kit() -> Response:
    """Everything at once; a phone that has it already is told so."""
    phone, now = bearer.phone(), storage.now()
    answer = Response(json.dumps(_kit(phone, now)), mimetype="application/json")
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.add_etag()
    answer.make_conditional(request)
    return answer


def whose(opened: Session, phone: WalkPhone, *, at: datetime) -> dict[str, Any]:
    """Person, community and team of a phone, and the teams that the person is in."""
    device = phone.device
    community = opened.get_one(Community, device.community_id)
    mine = walk_phones.teams_of(opened, _person(phone), at=at)
    return {
        "person": told_person(phone),
        "community": {"code": community.code, "name": community.name},
        "team": _team(device.team) if device.team else None,
        "teams": [_team(team) for team in mine],
    }


def consent(opened: Session, phone: WalkPhone, *, at: datetime) -> dict[str, Any]:
    """The text in force, and whether the person agreed to it."""
    person = _person(phone)
    text = consents.text_in_force(opened, opened.get_one(Community, person.community_id), at=at)
    given = consents.may_be_tracked(opened, person)
    standing = consents.history(opened, person)[0] if given else None
    return {
        "version": text.version,
        "text": text.zh if language.current() == "zh" else text.en,
        "given": given,
        "given_at": standing.given_at.isoformat() if standing else None,
    }


def told_person(phone: WalkPhone) -> dict[str, Any]:
    """A phone's person, as the page reads them."""
    person = _person(phone)
    return {"id": person.id, "number": person.number, "name": person.name}


def told_members(phone: WalkPhone) -> list[dict[str, Any]]:
    """The members on a phone's browser, as the page reads them."""
    return [
        {
            "device": one.device_id,
            "person": told_person(one),
            "since": one.device.enrolled_at.isoformat(),
            "me": one.device_id == phone.device_id,
        }
        for one in walk_phones.members(storage.session(), phone.browser)
    ]


def walk_now(opened: Session, phone: WalkPhone, *, at: datetime) -> dict[str, Any] | None:
    """The walk that is going on, as the server knows it."""
    walk = walks.going_on(opened, phone.device, at=at)
    return None if walk is None else {"id": walk.key, "at": walk.started_at.isoformat()}


def _kit(phone: WalkPhone, now: datetime) -> dict[str, Any]:
    opened = storage.session()
    community = opened.get_one(Community, phone.device.community_id)
    known, there = whose(opened, phone, at=now), walk_kit.ground(opened, community)
    here = {"timezone": community.timezone, "outline": there["outline"], "bounds": there["bounds"]}
    return {
        **known,
        "community": known["community"] | here,
        "members": told_members(phone),
        "streets": there["streets"],
        "categories": _categories(opened, phone, community),
        "check_lists": [_check_list(one) for one in check_lists.in_force(opened, community)],
        "check_points": [
            {"number": one.point.number, "name": one.point.name, "lon": one.lon, "lat": one.lat}
            for one in check_points.hanging(opened, community, at=now)
        ],
        "consent": consent(opened, phone, at=now),
        "walk": walk_now(opened, phone, at=now),
        "limits": _limits(Rules.for_community(community.rules)),
    }


def _limits(rules: Rules) -> dict[str, float]:
    return {
        "longest_walk_s": rules.longest_walk_s,
        "leave_m": rules.leave_m,
        "leave_s": rules.leave_s,
        "things": MOST_THINGS,
        "bytes": fields.MOST_BYTES,
        "photo_bytes": photos.MOST_BYTES,
        "photo_pixels": photos.MOST_PIXELS,
        "photo_longest": photos.LONGEST_PX,
        "photos_per_report": photos.MOST_A_REPORT,
        "words": MOST_WORDS,
        "line_points": told_walks.MOST_PLACES,
        "drawn_days": told_walks.DAYS_BACK,
    }


def _categories(opened: Session, phone: WalkPhone, community: Community) -> list[dict[str, Any]]:
    recent = walk_kit.recent_categories(opened, phone.device)
    late = categories.recent(opened, community) if len(recent) < walk_kit.RECENT else []
    found = walk_kit.sorted_categories(
        categories.in_use(opened), [*recent, *(one for one in late if one not in recent)]
    )
    return [_category(one, recent=one.id in recent) for one in found]


def _category(category: Category, *, recent: bool) -> dict[str, Any]:
    spelt = spell(category.zh)
    return {
        "id": category.id,
        "key": f"{category.family}/{category.kind}/{category.code}",
        "name": category.zh if language.current() == "zh" else category.en,
        "zh": category.zh,
        "en": category.en,
        "initials": spelt.initials,
        "pinyin": spelt.pinyin,
        "group": category.kind,
        "icon": category.icon,
        "recent": recent,
        "sensitive": category.sensitive,
    }


def _check_list(check_list: CheckList) -> dict[str, Any]:
    zh = language.current() == "zh"
    items = [{"id": item.id, "title": item.zh if zh else item.en} for item in check_list.items]
    return {
        "id": check_list.id,
        "code": check_list.code,
        "version": check_list.version,
        "title": check_list.zh if zh else check_list.en,
        "items": items,
    }


def _team(team: Team) -> dict[str, Any]:
    return {"id": team.id, "name": team.name}


def _person(phone: WalkPhone) -> Person:
    person = phone.device.person
    if person is None:
        raise LookupError("a phone that works is somebody's")
    return person
