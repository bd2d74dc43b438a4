"""People: who is posted on what, and what is vacant."""

from flask import Blueprint, render_template, request

from data import names
from data.models import Person, Posting
from patrols import chains, roster
from webmap import access, inputs, storage
from webmap.access import May

pages = Blueprint("people", __name__)


@pages.get("/people")
@access.needs(May.SEE_PEOPLE)
def listing() -> str:
    """The roster of one community, vacancies first."""
    opened, community, at = storage.session(), access.community(), storage.now()
    access.scope().require(community.id)
    wanted = inputs.text(request.args, "q", most=64).lower()
    everybody = roster.people(opened, community, at=at)
    found = [person for person in everybody if _fits(person, wanted)]
    postings = [posting for person in found for posting in person.postings]
    return render_template(
        "people.html",
        community=community,
        communities=access.communities(),
        people=found,
        count=len(everybody),
        wanted=wanted,
        vacancies=chains.vacancies(opened, community, at=at),
        buildings=names.buildings(opened, (posting.building_id for posting in postings)),
        compounds=names.compounds(opened, (posting.compound_id for posting in postings)),
        offices=names.offices(opened, (person.organisation_id for person in found)),
    )


def _fits(person: Person, wanted: str) -> bool:
    return not wanted or any(wanted in told.lower() for told in _told(person))


def _told(person: Person) -> list[str]:
    return [person.name, person.number, *(_place(posting) for posting in person.postings)]


def _place(posting: Posting) -> str:
    return posting.grid_code or ""
