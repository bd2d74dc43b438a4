"""A volunteer's own phone: the page, enrolling its browser, what it takes along, and what it sends back.

A browser that is enrolled is a phone like any other (`data.models.Device`), with a token that goes on working after its
person signed out, until it is revoked. Several members of a team may share one browser: each has a token of their own.

Everything is JSON (UTF-8). Times are ISO 8601 with a zone, places longitude and latitude in degrees (WGS 84). Whoever
sends something that is not taken gets ``application/problem+json`` with ``type``, ``title``, ``status`` and ``detail``,
a sentence in the person's language that says what to do:

====== ================================ ========================================================================
status type (``urn:gridpatrol:problem:``) what the page does
====== ================================ ========================================================================
401    ``phone-unknown``                nobody has this token: keep the queue, offer it as a file, enrol again
403    ``phone-revoked``                the office shut the phone out: the same
413    ``too-large``                    send less at once; a single photo of that size is never taken
415    ``wrong-media-type``             a photo that is none: it is never taken
422    ``bad-input``                    it is never taken as it is
429    ``too-many``                     wait as ``Retry-After`` says
503    ``database-unavailable``         keep it, send it again later
====== ================================ ========================================================================

**The page.** ``GET /walk`` (for everybody, holds nothing about anybody), ``GET /walk/manifest.webmanifest``,
``GET /walk/worker.js`` (scope ``/walk``).

**Enrolling**, with the session's cookie. ``GET /walk/form`` -> ``{"csrf": "...", "signed_in": {"login": "wang", "name":
"王芳"} | null, "language": "zh"}``. Then ``POST /walk/enrol`` with the header ``X-CSRFToken``::

    {"phone": "<uuid, made once by this browser and kept>", "login": "li", "password": "...", "team": 3}

``login`` and ``password`` are for another member than the one signed in, who stays signed in; ``team`` only where the
person is in several. -> 201::

    {"token": "gp-...", "device": 12, "person": {"id": 5, "number": "W-017", "name": "王芳"},
     "community": {"code": "621102001001", "name": "城关社区"}, "team": {"id": 3, "name": "小红帽一队"} | null,
     "teams": [{"id": 3, "name": "小红帽一队"}], "consent": <as in the kit>, "members": <as below>}

401 ``sign-in-needed`` when nobody is signed in and no password came, 403 ``sign-in-refused`` for a wrong one, 409
``not-allowed`` when the sign-in belongs to no person of the roster, or the member is of another team than those on this
phone. Enrolling the same person on the same phone again gives a new token; the old one stops working.

Everything else comes with ``Authorization: Bearer <token>``, and needs neither cookie nor CSRF token.

**Who is on this phone.** ``GET /walk/members`` -> ``{"members": [{"device": 12, "person": {"id": 5, "number": "W-017",
"name": "王芳"}, "since": "...", "me": true}]}``, those who were shut out left out. ``POST /walk/leave`` -> 204 ends the
token's own membership.

**What is taken along.** ``GET /walk/kit`` (``ETag``; 304 for ``If-None-Match``) ->::

    {"person": {"id", "number", "name"}, "community": {"code", "name", "timezone", "outline": <GeoJSON geometry> | null,
      "bounds": [west, south, east, north]},
     "team": {"id", "name"} | null, "teams": [...], "members": [...],
     "streets": {"type": "FeatureCollection", "features": [{"type": "Feature", "id": 7, "properties":
       {"name": "解放路", "class": "street"}, "geometry": <LineString | MultiLineString>}]},
     "categories": [{"id": 4, "key": "community/facilities/01", "name": "路灯不亮", "zh": "路灯不亮", "en": "...",
       "initials": "ldbl", "pinyin": "ludengbuliang", "group": "设施", "recent": true, "sensitive": false}],
     "check_lists": [{"id": 2, "code": "four_musts", "version": 1, "title": "四必",
       "items": [{"id": 9, "title": "..."}]}],
     "check_points": [{"number": 3, "name": "东门岗亭", "lon": 116.3, "lat": 40.0}],
     "consent": {"version": 1, "text": "...", "given": true, "given_at": "..." | null},
     "walk": {"id": "<uuid>", "at": "..."} | null,
     "limits": {"longest_walk_s": 14400, "leave_m": 200, "leave_s": 600, "things": 200, "bytes": 1048576,
       "photo_bytes": 12582912, "photo_pixels": 50000000, "photo_longest": 2048, "photos_per_report": 6, "words": 2000,
       "line_points": 2000, "drawn_days": 30}}

``name``, ``title`` and ``text`` are in the person's language. Categories that the person used lately come first.

**What is sent back.** ``POST /walk/things`` with a list of at most 200 things, in the order in which they were done.
The header ``X-Phone-Now`` (the phone's clock at this moment) lets the server put a wrong clock right. A thing::

    {"id": "<uuid>", "kind": "...", "at": "2026-11-22T09:30:00.000+08:00", ...}

============== =====================================================================================================
kind           and
============== =====================================================================================================
``consent``    ``version``: the one that the person has read
``withdraw``   ends the consent, and the walk that is going on
``start``      ``walk``: uuid of the outing, made by the phone
``stop``       ``walk``; ``why``: ``person`` (unless said), ``longest`` or ``outside``
``check_in``   ``code``: what the QR says, or ``lon`` and ``lat``, or both; ``accuracy_m``, ``walk`` where known
``check_list`` ``list``: its id; ``marks``: ``[{"item": 9, "ok": true | false | null, "note": ""}]``; ``note``; ``lon``,
               ``lat``, ``walk`` where known
``report``     ``category``: its id, or null; ``words``; ``lon``, ``lat``, ``accuracy_m`` or ``address``; ``walk``;
               ``photos``: ``[{"id": "<uuid>", "role": "scene" | "before" | "after"}]`` or plain uuids
``drawn_walk`` ``began``: when; ``minutes``; ``line``: ``[[lon, lat], ...]`` or a list of such lines; ``words``
``paper_walk`` ``date``: ``2026-11-22``; ``from``, ``to``: ``08:30`` on the community's clock; ``streets``: their ids;
               ``words``
============== =====================================================================================================

-> 200, one answer for each thing in the order of the list, everything on the disk::

    {"now": "...", "walk": {"id": "<uuid>", "at": "..."} | null,
     "items": [{"id": "<uuid>", "status": "stored" | "known" | "refused", "number": "20261122-0007",
                "code": "consent-needed", "reason": "...", "again": true}]}

``number`` comes with a report, also when it is known already. ``code``, ``reason`` (in the person's language) and
``again`` come with what is refused; ``again``: the same thing may be taken later, once what the reason says is done
(agreeing to the newest text), so the page sends it again then. A thing that is refused leaves nothing behind; the same
uuid twice is one thing, whatever else it says the second time. A thing that has no usable ``id`` is answered with the
id that it had, or null.

**Photos.** ``PUT /walk/photos/<uuid>``, the body a JPEG, PNG or WebP (its content decides, not its type), before or
after the report that names it -> 201 ``{"id": "<uuid>", "status": "stored"}``, 200 ``"known"`` when it is there
already.

**Fixes** go to ``/track/<token>`` or, with the token in the header, to ``/track`` as Overland JSON. They count only
between the start and the stop of a walk of that token; others wait a day for their start, and are then deleted.
"""

from flask import Blueprint, Flask

from webmap.walk import enrolment, kit, page, photos, sendings

walk = Blueprint("walk", __name__, url_prefix="/walk")
for _part in (page, enrolment, kit, sendings, photos):
    _part.add_to(walk)


def init_walk(app: Flask) -> None:
    """Open the volunteers' page."""
    app.register_blueprint(walk)


__all__ = ["init_walk"]
