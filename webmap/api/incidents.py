"""Incidents over the API: the list, one of them, reporting, and the next step."""

from typing import Any

from apiflask import APIBlueprint

from data.errors import NotFound
from data.models import Category, Incident, IncidentSource, Organisation, Person, Role
from geo.errors import N_
from patrols import category_fields, incident_lists, incidents
from patrols.explanations import explain_incident
from webmap import access, storage
from webmap.access import May
from webmap.api.shapes import IncidentQuery, IncidentsOut, NextStep, OneIncidentOut, Report

api = APIBlueprint("api_incidents", __name__, url_prefix="/api/incidents", tag="Incidents")


@api.get("")
@api.input(IncidentQuery, location="query", arg_name="asked")
@api.output(IncidentsOut)
@access.needs(May.SEE_INCIDENTS)
def listing(asked: dict[str, Any]) -> incident_lists.Page:
    """Incidents that may be seen, the newest first."""
    filters = incident_lists.Filters(
        community_id=access.community(asked["community"]).id if "community" in asked else None,
        grid_code=asked.get("grid"),
        stages=(asked["stage"],) if "stage" in asked else (),
        open_only=asked["open"],
        overdue_at=storage.now() if asked["overdue"] else None,
        category_id=asked.get("category"),
        source=asked.get("source"),
        since=asked.get("since"),
        until=asked.get("until"),
        text=asked.get("text", ""),
    )
    return incident_lists.listing(storage.session(), access.scope(), filters, page=asked["page"], rows=asked["rows"])


@api.get("/<number>")
@api.output(OneIncidentOut)
@access.needs(May.SEE_INCIDENTS)
def show(number: str) -> dict[str, Any]:
    """One incident with its history."""
    return _told(incident_lists.get(storage.session(), access.scope(), number))


@api.post("")
@api.input(Report, arg_name="told")
@api.output(OneIncidentOut, status_code=201)
@access.needs(May.REPORT)
def report(told: dict[str, Any]) -> dict[str, Any]:
    """Report an incident. Whose ground it is, is decided now and kept."""
    opened = storage.session()
    point = (told["lon"], told["lat"]) if "lon" in told and "lat" in told else None
    category = _found(Category, told.get("category"))
    answers = category_fields.answers(category, told.get("answers", {}))
    on_patrol = access.me().role is Role.GRID_WORKER
    incident = incidents.report(
        opened,
        access.community(told.get("community")),
        at=storage.now(),
        source=IncidentSource.PATROL if on_patrol else told.get("source", IncidentSource.OFFICE),
        description=told["description"],
        point=point,
        accuracy_m=told.get("accuracy_m"),
        category=category,
        address=told.get("address", ""),
        by=access.me(),
        extra={category_fields.KEPT: answers} if answers else None,
    )
    opened.commit()
    return _told(incident)


@api.post("/<number>/steps")
@api.input(NextStep, arg_name="told")
@api.output(OneIncidentOut, status_code=201)
@access.needs(May.STEP)
def step(number: str, told: dict[str, Any]) -> dict[str, Any]:
    """Do the next step of an incident."""
    opened = storage.session()
    incident = incident_lists.get(opened, access.scope(), number)
    incidents.step(
        opened,
        incident,
        told["kind"],
        by=access.me(),
        at=storage.now(),
        note=told.get("note", ""),
        to_person=_found(Person, told.get("to_person"), incident.community_id),
        to_organisation=_found(Organisation, told.get("to_organisation"), incident.community_id),
        rating=told.get("rating"),
        seen=told.get("seen"),
    )
    opened.commit()
    return _told(incident)


def _told(incident: Incident) -> dict[str, Any]:
    kinds = incidents.next_steps(incident, access.me().role) if access.may(May.STEP) else []
    return {
        **{name: getattr(incident, name) for name in _COLUMNS},
        "answers": category_fields.kept(incident),
        "explanation": explain_incident(storage.session(), incident),
        "steps": incident.steps,
        "next_steps": kinds,
    }


_COLUMNS = (
    "number", "category_id", "source", "description", "address", "found_at", "grid_code", "grid_rule", "border_m",
    "sure", "stage", "on_the_spot", "due_at", "resolved_at", "closed_at", "rating",
)  # fmt: skip


def _found(model: type[Any], key: int | None, community_id: int | None = None) -> Any:
    """The row of a key, of that community; none without a key."""
    if key is None:
        return None
    row = storage.session().get(model, key)
    if row is None or (community_id is not None and row.community_id != community_id):
        raise NotFound(N_("There is no %(kind)s with the key %(key)s."), kind=model.__tablename__, key=key)
    return row
