"""The sheet of an incident for the printer: to take along, to hang up in the office, to put into a file."""

from pathlib import Path

import geopandas as gpd
from flask import Blueprint, Response, url_for

from data import frames, names
from data.models import Community, GridEdition, Incident, IncidentStep
from patrols import clocks, incident_lists, photos
from webmap import access, storage, words
from webmap.access import May
from webmap.language import gettext
from webmap.sending import sent
from webmap.walk.photos import store
from webmap.words import word

pages = Blueprint("incident_sheets", __name__)


@pages.get("/incidents/<number>/sheet.pdf")
@access.needs(May.SEE_INCIDENTS)
def sheet(number: str) -> Response:
    """One incident on A4, for who may see it; its code leads back to its page."""
    # Brought in here: printing is seldom, and every start of the website would pay for it.
    from webmap.printing import contents, incident_sheet

    opened = storage.session()
    incident = incident_lists.get(opened, access.scope(), number)
    community = opened.get_one(Community, incident.community_id)
    edition = opened.get(GridEdition, incident.edition_id) if incident.edition_id else None
    spot = None
    if incident.geom is not None:
        degrees = gpd.GeoSeries(frames.decode([incident.geom]), crs="EPSG:4326")
        spot = frames.to_metres(degrees, frames.crs_of(opened, community.id)).iloc[0]
    told = incident_sheet.Sheet(
        incident=incident,
        community=community,
        steps=_steps(incident.steps),
        photos=_photos(incident),
        ground=contents.ground_of(opened, edition) if edition is not None and spot is not None else None,
        spot=spot,
    )
    address = url_for("incidents.show", number=incident.number, _external=True)
    return sent(
        f"incident-{incident.number}.pdf", lambda path: incident_sheet.write_sheet(told, path, address), shown=True
    )


def _steps(rows: list[IncidentStep]) -> list[tuple[str, str, str]]:
    from webmap.printing.incident_sheet import on_paper

    opened = storage.session()
    people = names.people(opened, (row.to_person_id for row in rows))
    offices = names.offices(opened, (row.to_organisation_id for row in rows))
    told = []
    for row in rows:
        whom = people.get(row.to_person_id or 0) or offices.get(row.to_organisation_id or 0) or ""
        said = " ".join(part for part in (whom and f"→ {whom}", _time(row), row.note) if part)
        told.append((on_paper(row.at), word(row.kind), said))
    return told


def _time(row: IncidentStep) -> str:
    """The time that a step gave or asked for."""
    limit, ends = clocks.said_limit(row) or clocks.said_asked(row), clocks.said_due(row)
    if limit is not None:
        return gettext("Time: %(time)s", time=words.limit(limit))
    return gettext("Due: %(at)s", at=f"{ends.astimezone(storage.LOCAL):%Y-%m-%d %H:%M}") if ends is not None else ""


def _photos(incident: Incident) -> list[tuple[Path, str]]:
    """The files of the photos that may be seen here and are still there."""
    kept = [
        (store().path(one.file), word(one.role))
        for one in photos.of_incident(storage.session(), incident)
        if one.file is not None and photos.may_see(one, access.scope(), access.me())
    ]
    return [(path, said) for path, said in kept if path.is_file()]
