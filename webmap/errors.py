"""From an exception to what a person or a program is told: one table."""

import logging
import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import apiflask.exceptions
from flask import Flask, current_app, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from data import errors as data_errors
from data.models import EditionStage, Role, Stage, StepKind
from geo import errors as geo_errors
from geo.errors import N_, Fault
from patrols import errors as patrol_errors
from patrols.editions import EditionMove
from webmap import storage, trail, words
from webmap.language import gettext

log = logging.getLogger(__name__)


class WebError(Fault):
    """Something about a request."""


class BadInput(WebError):
    """A field of a form or a query that cannot be used."""


class TooMuchAtOnce(WebError):
    """More is being made already than one server or one person should wait for."""


@dataclass(frozen=True)
class Answer:
    """How one kind of error is told: the HTTP status, the stable name of the problem's type, its title."""

    status: int
    kind: str
    title: str


TABLE: list[tuple[type[Exception], Answer]] = [
    (data_errors.NotFound, Answer(404, "not-found", N_("Not found"))),
    (patrol_errors.OutOfScope, Answer(403, "out-of-scope", N_("Outside your area"))),
    (patrol_errors.StepNotAllowed, Answer(409, "step-not-allowed", N_("This step is not possible now"))),
    (patrol_errors.NoEditionInForce, Answer(409, "no-grids-in-force", N_("No grids were in force then"))),
    (patrol_errors.BadWindow, Answer(422, "bad-window", N_("This cannot be planned"))),
    (patrol_errors.BadCheckPoint, Answer(422, "bad-check-point", N_("This cannot be done with a check-point"))),
    (patrol_errors.BadCheckIn, Answer(422, "bad-check-in", N_("This check-in cannot be kept"))),
    (patrol_errors.BadCategory, Answer(422, "bad-category", N_("This category cannot be kept"))),
    (patrol_errors.BadFields, Answer(409, "bad-fields", N_("An answer needs another look"))),
    (patrol_errors.BadView, Answer(409, "bad-view", N_("This choice of incidents cannot be shown"))),
    (patrol_errors.NotSigned, Answer(403, "not-signed", N_("This was not signed"))),
    (patrol_errors.BadExchange, Answer(422, "bad-exchange", N_("This cannot be exchanged"))),
    (patrol_errors.BadRule, Answer(422, "bad-rule", N_("This rule cannot be kept"))),
    (patrol_errors.BadWish, Answer(422, "bad-wish", N_("This wish cannot be kept"))),
    (patrol_errors.DraftChanged, Answer(412, "draft-changed", N_("Somebody else changed the draft first"))),
    (patrol_errors.DraftClosed, Answer(409, "draft-closed", N_("The draft cannot be edited"))),
    (patrol_errors.AdoptionRefused, Answer(409, "adoption-refused", N_("The grids cannot be adopted"))),
    (patrol_errors.EditionStepRefused, Answer(409, "edition-step-refused", N_("This step is not possible now"))),
    (data_errors.Conflict, Answer(409, "conflict", N_("Somebody else was faster"))),
    (data_errors.RowsRefused, Answer(422, "rows-refused", N_("Rows were refused"))),
    (data_errors.UnreadableFile, Answer(422, "unreadable-file", N_("The file cannot be read"))),
    (data_errors.BadPicture, Answer(415, "wrong-media-type", N_("The picture cannot be used"))),
    (BadInput, Answer(422, "bad-input", N_("Something in the form needs another look"))),
    (TooMuchAtOnce, Answer(429, "too-many", N_("Too much at once"))),
    (data_errors.DatabaseUnavailable, Answer(503, "database-unavailable", N_("The database does not answer"))),
    (OperationalError, Answer(503, "database-unavailable", N_("The database does not answer"))),
    (CSRFError, Answer(400, "stale-form", N_("The page was open for too long"))),
    (geo_errors.CannotPlan, Answer(409, "cannot-plan", N_("No walk can be planned from there"))),
    (geo_errors.CannotDraw, Answer(409, "cannot-draw", N_("Grids cannot be drawn yet"))),
    (geo_errors.GeoError, Answer(422, "bad-shape", N_("The shape cannot be used"))),
    (data_errors.DataError, Answer(422, "bad-data", N_("The data cannot be used"))),
    (patrol_errors.PatrolError, Answer(409, "not-allowed", N_("The rules do not allow this"))),
]
"""Which answer an exception gets; the first that fits counts, so the special stand before the general."""

BY_STATUS: dict[int, Answer] = {
    400: Answer(400, "bad-request", N_("The request cannot be understood")),
    401: Answer(401, "sign-in-needed", N_("Please sign in")),
    403: Answer(403, "not-allowed-for-you", N_("Not open to you")),
    404: Answer(404, "not-found", N_("Not found")),
    405: Answer(405, "wrong-method", N_("This address does not take that")),
    406: Answer(406, "not-acceptable", N_("No answer in the form asked for")),
    412: Answer(412, "changed-meanwhile", N_("Somebody else was faster")),
    413: Answer(413, "too-large", N_("Too large")),
    415: Answer(415, "wrong-media-type", N_("This form of data is not taken")),
    409: Answer(409, "conflict", N_("Somebody else was faster")),
    422: Answer(422, "bad-input", N_("Something in the form needs another look")),
    428: Answer(428, "revision-needed", N_("Say which revision you have seen")),
    429: Answer(429, "too-many", N_("Too many attempts")),
    500: Answer(500, "our-fault", N_("Something went wrong on our side")),
    503: Answer(503, "not-ready", N_("Not ready")),
}
"""Answers for errors of HTTP itself."""

WHAT_TO_DO: dict[str, str] = {
    "out-of-scope": N_("Ask the grid manager of that place, or sign in as somebody who answers for it."),
    "not-allowed-for-you": N_("Your sign-in does not have this right. The administrator can change that."),
    "not-found": N_("Check the number or the address, or go back to the list."),
    "stale-form": N_("Go back, reload the page and send it again. What you typed is still there."),
    "too-large": N_("At most %(limit)s MB are taken at once. Split the file, or let the administrator import it."),
    "conflict": N_("Reload the page to see the present state, then try again."),
    "database-unavailable": N_("Try again in a minute. If it stays so, tell the administrator."),
    "our-fault": N_("It has been written down under number %(reference)s. Try again, or tell the administrator."),
    "sign-in-needed": N_("Sign in, then open the page again."),
    "revision-needed": N_("Send the draft's ETag with the edit, as If-Match."),
    "draft-changed": N_("Look at what changed, then do it again."),
    "wrong-method": N_("Go back to the page you came from and use its buttons."),
}
"""What a person can do about it, by kind."""

WORD_FACTS: dict[str, type[StrEnum]] = {
    "kind": StepKind,
    "stage": Stage,
    "there": Stage,
    "role": Role,
    "edition_stage": EditionStage,
    "edition_move": EditionMove,
}
"""Facts of a fault that are words of the database."""

LOGGED = frozenset({"out-of-scope", "not-allowed-for-you", "stale-form", "too-large", "unreadable-file"})
"""Refusals that leave a row in the audit."""


def init_errors(app: Flask) -> None:
    """Answer every error from the table, as a page or as ``application/problem+json``."""
    for kind, _answer in TABLE:
        app.register_error_handler(kind, _from_table)
    app.register_error_handler(HTTPException, _from_http)
    app.register_error_handler(apiflask.exceptions.HTTPError, _from_apiflask)
    app.register_error_handler(Exception, _from_unknown)


def tell(fault: Fault) -> str:
    """A fault in the reader's language.

    A fact that is a word of the database (a step, a stage, a role) is said in the reader's language as well.
    """
    template = gettext(fault.template)
    if not fault.facts:
        return template
    try:
        return template % {name: _fact(name, value) for name, value in fault.facts.items()}
    except (KeyError, ValueError, TypeError):
        return str(fault)


def _fact(name: str, value: object) -> str:
    if name == "reason" and isinstance(value, str) and value:
        # A sentence of ours says why; names and numbers come through as they are.
        return gettext(value)
    kind = WORD_FACTS.get(name)
    return words.word(kind(value)) if kind and value in {one.value for one in kind} else str(value)


def tell_refusal(refusal: data_errors.Refusal) -> str:
    """Why one row was refused, in the reader's language."""
    return tell(Fault(refusal.template, **refusal.facts))


def answer_for(error: Exception) -> Answer:
    """The table's line for an exception."""
    return next((answer for kind, answer in TABLE if isinstance(error, kind)), BY_STATUS[500])


def _from_table(error: Exception) -> ResponseReturnValue:
    answer = answer_for(error)
    if isinstance(error, OperationalError):
        log.exception("the database refused")
        return _respond(answer, "")
    detail = tell(error) if isinstance(error, Fault) else ""
    extra = _rows(error) if isinstance(error, data_errors.RowsRefused) else {}
    if isinstance(error, patrol_errors.DraftChanged):
        since = [{**one, "at": one["at"].isoformat(timespec="seconds")} for one in error.told]
        extra = {"revision": error.revision, "since": since}
    return _respond(answer, detail, extra=extra)


def _rows(error: data_errors.RowsRefused) -> dict[str, Any]:
    return {
        "refusals": [
            {"file": one.file, "row": one.row, "column": one.column, "reason": tell_refusal(one)}
            for one in error.refusals[:1000]
        ]
    }


def _from_http(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < 400:
        return error.get_response()
    answer = BY_STATUS.get(error.code) or Answer(error.code, "http", error.name)
    headers = [(name, value) for name, value in error.get_headers() if name.lower() in {"allow", "retry-after"}]
    return _respond(answer, "", headers=headers)


def _from_apiflask(error: apiflask.exceptions.HTTPError) -> ResponseReturnValue:
    answer = BY_STATUS.get(error.status_code, BY_STATUS[500])
    extra = {"fields": error.detail} if error.detail else {}
    return _respond(answer, gettext(error.message) if error.message else "", extra=extra)


def _from_unknown(error: Exception) -> ResponseReturnValue:
    """Nobody foresaw it: the log gets everything, the person a number to quote."""
    reference = secrets.token_hex(4)
    log.error("unforeseen error %s at %s %s", reference, request.method, request.path, exc_info=error)
    return _respond(BY_STATUS[500], "", reference=reference)


def _respond(
    answer: Answer,
    detail: str,
    *,
    extra: dict[str, Any] | None = None,
    headers: list[tuple[str, str]] | None = None,
    reference: str = "",
) -> ResponseReturnValue:
    storage.forget_changes()
    if answer.kind in LOGGED:
        _record(answer)
    facts = {"limit": current_app.config["WEB"].max_upload_mb, "reference": reference}
    advice = gettext(WHAT_TO_DO[answer.kind]) % facts if answer.kind in WHAT_TO_DO else ""
    if wants_json():
        return _problem(answer, detail or advice, extra or {}, headers or [])
    template = "unavailable.html" if answer.status == 503 else "error.html"
    page = render_template(template, answer=answer, title=gettext(answer.title), detail=detail, advice=advice)
    return page, answer.status, headers or []


def wants_json() -> bool:
    """Whether a program asks: the API's own addresses, and whoever prefers JSON to HTML."""
    if request.path.startswith(("/api/", "/walk/")):
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json"], "text/html")
    return best == "application/json"


def problem(answer: Answer, detail: str, *, retry_s: int = 0) -> ResponseReturnValue:
    """A refusal that no exception stands for, as ``application/problem+json``; what was begun is given up."""
    storage.forget_changes()
    return _problem(answer, detail, {}, [("Retry-After", str(retry_s))] if retry_s else [])


def _problem(answer: Answer, detail: str, extra: dict[str, Any], headers: list[tuple[str, str]]) -> ResponseReturnValue:
    body = {
        "type": f"urn:gridpatrol:problem:{answer.kind}",
        "title": gettext(answer.title),
        "status": answer.status,
        "detail": detail,
        "instance": request.path,
        **extra,
    }
    response = jsonify(body)
    response.mimetype = "application/problem+json"
    response.status_code = answer.status
    response.headers.extend(headers)
    if answer.status == 401:
        response.headers["WWW-Authenticate"] = 'Basic realm="gridpatrol", charset="UTF-8"'
    return response


def _record(answer: Answer) -> None:
    try:
        trail.record_refusal(
            "request.refused", object_kind="path", object_key=request.path, user_id=trail.asker(), kind=answer.kind
        )
    except (OperationalError, data_errors.DatabaseUnavailable):
        log.exception("a refusal could not be written to the audit")
