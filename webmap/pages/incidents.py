"""Incidents: the list with its filters, one incident with who answers and what may follow, and reporting one."""

from collections.abc import Container, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from data import names
from data.models import (
    Category,
    Community,
    Incident,
    IncidentSource,
    LimitUnit,
    Organisation,
    Outcome,
    Person,
    Photo,
    PhotoRole,
    Role,
    Stage,
    StepKind,
)
from geo.errors import N_
from patrols import (
    categories,
    category_fields,
    clocks,
    duplicates,
    incident_lists,
    incidents,
    kept_lists,
    moves,
    passing_on,
    photos,
    responsibility,
    roster,
)
from patrols.deadlines import Limit
from patrols.errors import BadFields
from patrols.explanations import explain_incident
from patrols.moves import OFFICE
from webmap import access, inputs, storage, trail
from webmap.access import May
from webmap.errors import BadInput, tell
from webmap.language import gettext
from webmap.pages import sketch
from webmap.pages.incident_filters import FILTERS, read_filters
from webmap.walk.photos import store
from webmap.words import word

pages = Blueprint("incidents", __name__)

AFTERWARDS = frozenset({StepKind.RESOLVE, StepKind.SETTLE_ON_THE_SPOT, StepKind.CHECK, StepKind.CLOSE})
"""Photos that come with these steps show the place as it is afterwards."""

ASKED = "ask_"
"""What stands before the name of a category's question in a form, so that it is no field of the report's own."""


@pages.get("/incidents")
@access.needs(May.SEE_INCIDENTS)
def listing() -> str:
    """The list, newest first; open ones unless asked otherwise."""
    return list_page(request.args)


def list_page(asked: Mapping[str, str], **told: Any) -> str:
    """A page of the list with what became of those that were picked from it."""
    opened = storage.session()
    found = incident_lists.listing(opened, access.scope(), read_filters(asked), page=inputs.page(asked))
    picks = _may_be_picked(found.items)
    return render_template(
        "incidents.html",
        found=found,
        asked=asked,
        query=urlencode({name: asked[name] for name in FILTERS if asked.get(name)}),
        shown=asked.get("show", "open"),
        categories=incident_lists.categories(opened),
        stages=list(Stage),
        sources=list(IncidentSource),
        kept=kept_lists.of(opened, access.me()),
        picks=picks,
        offices=_offices(picks, found.items),
        units=list(LimitUnit),
        address=lambda page: url_for(".listing", **{**dict(asked), "page": page}),
        **told,
    )


def _may_be_picked(rows: Sequence[Incident]) -> dict[int, int]:
    """Which of the rows may be passed on to an office by this person, each with the number of its last step."""
    if not access.may(May.STEP) or access.me().role not in OFFICE:
        return {}
    return passing_on.last_steps(storage.session(), [row for row in rows if row.stage in passing_on.FROM])


def _offices(picks: Container[int], rows: Sequence[Incident]) -> list[tuple[Organisation, str]]:
    """The offices of the communities whose incidents may be picked, with the community's name where it matters."""
    places = {row.community_id for row in rows if row.id in picks}
    called = {one.id: one.name for one in access.communities()}
    return [
        (office, called.get(place, "") if len(places) > 1 else "")
        for place in sorted(places)
        for office in names.offices_of(storage.session(), place)
    ]


@pages.get("/incidents/<number>")
@access.needs(May.SEE_INCIDENTS)
def show(number: str) -> str:
    """One incident."""
    return _page(incident_lists.get(storage.session(), access.scope(), number))


@pages.post("/incidents/<number>/steps")
@access.needs(May.STEP)
def step(number: str) -> ResponseReturnValue:
    """Do the next step."""
    opened, form = storage.session(), request.form
    incident = incident_lists.get(opened, access.scope(), number)
    kind = inputs.word(form, "kind", StepKind)
    if kind is None:
        raise BadInput(N_("Choose a step."))
    incidents.step(
        opened,
        incident,
        kind,
        by=access.me(),
        at=storage.now(),
        note=inputs.text(form, "note", most=2000),
        to_person=_of_community(Person, inputs.whole(form, "person"), incident.community_id),
        to_organisation=_of_community(Organisation, inputs.whole(form, "organisation"), incident.community_id),
        other=_other(form, incident),
        limit=read_limit(form),
        outcome=inputs.word(form, "outcome", Outcome),
        rating=inputs.whole(form, "rating", least=1, most=5),
        seen=inputs.whole(form, "seen"),
    )
    _keep_photos(incident, PhotoRole.AFTER if kind in AFTERWARDS else PhotoRole.SCENE)
    opened.commit()
    flash(gettext("Done: %(step)s.", step=word(kind)), "good")
    if access.scope().allows_incident(incident):
        return redirect(url_for(".show", number=number))
    return redirect(url_for(".listing"))


@pages.post("/incidents/<number>/reporter")
@access.needs(May.SEE_REPORTER)
def reporter(number: str) -> ResponseReturnValue:
    """Show who reported it, to whoever says why; the look is written to the audit."""
    incident = incident_lists.get(storage.session(), access.scope(), number)
    why = inputs.text(request.form, "why", most=200)
    if not why:
        raise BadInput(N_("Say why you need to know who reported it."))
    trail.record("reporter.seen", object_kind="incident", object_key=incident.number, why=why)
    storage.session().commit()
    return _page(incident, reporter=True)


@pages.post("/incidents/<number>/answers")
@access.needs(May.STEP)
def answer(number: str) -> ResponseReturnValue:
    """Answer what its category asks, or put right what was answered."""
    incident = incident_lists.get(storage.session(), access.scope(), number)
    answers = read_answers(incident.category, request.form)
    before = category_fields.kept(incident)
    category_fields.keep(incident, answers)
    trail.record("incident.answered", object_kind="incident", object_key=incident.number, before=before, after=answers)
    storage.session().commit()
    flash(gettext("The answers are kept."), "good")
    return redirect(url_for(".show", number=number))


@pages.get("/incidents/new")
@access.needs(May.REPORT)
def new() -> str:
    """The form to report one."""
    return _form({})


@pages.post("/incidents/new")
@access.needs(May.REPORT)
def report() -> ResponseReturnValue:
    """Take in a report, and say its number."""
    opened, form = storage.session(), request.form
    description = inputs.text(form, "description", most=2000)
    if not description:
        return _form(form, gettext("Say in a few words what you found.")), 422
    key = inputs.whole(form, "category")
    category = opened.get(Category, key) if key else None
    try:
        answers = read_answers(category, form)
    except BadFields as wrong:
        return _form(form, tell(wrong)), 422
    incident = incidents.report(
        opened,
        access.community(form.get("community")),
        at=storage.now(),
        source=_source(form),
        description=description,
        point=_point(form),
        accuracy_m=inputs.number(form, "accuracy", least=0, most=100_000),
        category=category,
        address=inputs.text(form, "address"),
        reporter_name=inputs.text(form, "reporter_name", most=64),
        reporter_phone=inputs.text(form, "reporter_phone", most=32),
        by=access.me(),
        extra={category_fields.KEPT: answers} if answers else None,
    )
    _keep_photos(incident, PhotoRole.SCENE)
    opened.commit()
    flash(gettext("Received. Its number is %(number)s.", number=incident.number), "good")
    if access.scope().allows_incident(incident):
        return redirect(url_for(".show", number=incident.number))
    return redirect(url_for("home.home"))


def read_limit(form: Mapping[str, str]) -> Limit | None:
    """The limit of a form: ``amount`` and ``unit``; None where no amount is filled in."""
    amount = inputs.number(form, "amount", least=0, most=10_000)
    if amount is None:
        return None
    return Limit(amount, inputs.word(form, "unit", LimitUnit) or LimitUnit.WORKING_DAYS)


def read_answers(category: Category | None, form: Mapping[str, str]) -> dict[str, Any]:
    """What a form answers to the questions of a category: its fields that begin with ``ask_``."""
    given = {name.removeprefix(ASKED): form[name] for name in form if name.startswith(ASKED)}
    return category_fields.answers(category, category_fields.read(category, given))


def _other(form: Mapping[str, str], incident: Incident) -> Incident | None:
    """The incident that this one belongs to: by its number, and one that may be seen."""
    number = inputs.text(form, "other", most=64)
    if not number:
        return None
    return incident_lists.get(storage.session(), access.scope(), number, community_id=incident.community_id)


def _keep_photos(incident: Incident, role: PhotoRole) -> None:
    """Keep the photos that come with a form; a field left empty sends a file without a name."""
    sent = [one for one in request.files.getlist("photo") if one.filename]
    if len(sent) > photos.MOST_A_REPORT:
        raise BadInput(N_("%(field)s: at most %(most)s files."), field="photo", most=photos.MOST_A_REPORT)
    for one in sent:
        photos.keep(
            storage.session(),
            store(),
            one.stream.read(photos.MOST_BYTES + 1),
            at=storage.now(),
            by=access.me(),
            incident=incident,
            role=role,
        )


def _page(incident: Incident, *, reporter: bool = False) -> str:
    opened = storage.session()
    community = opened.get_one(Community, incident.community_id)
    steps = incident.steps
    return render_template(
        "incident.html",
        incident=incident,
        community=community,
        moves=_moves(incident),
        explanation=explain_incident(opened, incident),
        chain=responsibility.chain_of(opened, incident, at=incident.closed_at or storage.now()),
        sketch=sketch.of_incident(opened, incident),
        answers=category_fields.told(incident),
        answered={f"{ASKED}{name}": _as_typed(value) for name, value in category_fields.kept(incident).items()},
        alike=duplicates.suggestions(opened, access.scope(), incident) if _may_merge(incident) else [],
        merged_into=duplicates.merged_into(opened, incident),
        merged_here=duplicates.merged_here(opened, incident),
        photos=_photos(incident),
        units=list(LimitUnit),
        outcomes=list(Outcome),
        limit_of=lambda row: clocks.said_limit(row) or clocks.said_asked(row),
        due_of=clocks.said_due,
        asks=clocks.waiting(steps),
        usual=_usual(community, incident),
        reporter=reporter,
        did=names.users(opened, (row.by_user_id for row in steps)),
        to_people=names.people(opened, (row.to_person_id for row in steps)),
        to_offices=names.offices(opened, (row.to_organisation_id for row in steps)),
        **_choices(incident, community),
    )


def _as_typed(value: Any) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)


def _may_merge(incident: Incident) -> bool:
    return any(move.needs_other for _kind, move in _moves(incident))


def _photos(incident: Incident) -> list[Photo]:
    """The photos that have come and may be seen here."""
    return [
        one
        for one in photos.of_incident(storage.session(), incident)
        if one.file is not None and photos.may_see(one, access.scope(), access.me())
    ]


def _usual(community: Community, incident: Incident) -> tuple[int | None, Limit | None]:
    """The office and the time that the community's rule gives this category."""
    rule = clocks.rule_for(storage.session(), community.id, incident.category)
    usual = clocks.usual_limit(storage.session(), community, incident.category, at=storage.now())
    return (None if rule is None else rule.organisation_id), usual


def _moves(incident: Incident) -> list[tuple[StepKind, moves.Move]]:
    if not access.may(May.STEP):
        return []
    table = moves.MOVES[incident.stage]
    return [(kind, table[kind]) for kind in incidents.next_steps(incident, access.me().role)]


def _choices(incident: Incident, community: Community) -> dict[str, Any]:
    """Whom a step may hand the incident to; asked for only when some step does."""
    moves = [move for _kind, move in _moves(incident)]
    opened = storage.session()
    return {
        "people": roster.people(opened, community, at=storage.now()) if any(m.needs_person for m in moves) else [],
        "offices": names.offices_of(opened, community.id) if any(m.needs_organisation for m in moves) else [],
    }


def _of_community(model: type[Any], key: int | None, community_id: int) -> Any:
    """A person or office of the incident's own community; a stranger's key is as good as none."""
    row = storage.session().get(model, key) if key else None
    return row if row is not None and row.community_id == community_id else None


def _form(filled: Mapping[str, str], refused: str = "") -> str:
    opened, community = storage.session(), access.community()
    found, late = categories.in_use(opened), categories.recent(opened, community)
    first, others = categories.first_those(found, late)
    return render_template(
        "report.html",
        filled=filled,
        refused=refused,
        first=first,
        categories=others,
        asking=[one for one in (*first, *others) if one.fields],
        sources=[source for source in IncidentSource if source is not IncidentSource.PATROL],
        communities=access.communities(),
        community=community,
    )


def _source(form: Mapping[str, str]) -> IncidentSource:
    """A volunteer finds on patrol; the office writes down what others told it."""
    if access.me().role is Role.GRID_WORKER:
        return IncidentSource.PATROL
    return inputs.word(form, "source", IncidentSource) or IncidentSource.OFFICE


def _point(form: Mapping[str, str]) -> tuple[float, float] | None:
    lon, lat = inputs.number(form, "lon", least=-180, most=180), inputs.number(form, "lat", least=-90, most=90)
    return None if lon is None or lat is None else (lon, lat)
