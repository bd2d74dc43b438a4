"""``gridpatrol user``: who signs in, as what, and what they may see."""

import sys
from collections.abc import Iterable

import click
from sqlalchemy.orm import Session
from werkzeug.security import generate_password_hash

from data import audit, users
from data.models import Community, Role, User
from geo.errors import N_
from patrols import roster
from patrols.communities import community_of_grid, find_community
from webmap.access import check_new_password, make_up_password
from webmap.cli import _
from webmap.cli.options import database_option, database_session, now


@click.group("user", help=N_("People who sign in."))
def user_command() -> None:
    pass


@user_command.command("add", help=N_("Add a sign-in. Without --password-stdin a password is made up and printed once."))
@click.argument("login")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True, help=N_("What they may do."))
@click.option(
    "--community", "communities", multiple=True, metavar="CODE", help=N_("Community they may see; repeatable.")
)
@click.option("--grid", "grids", multiple=True, metavar="CODE", help=N_("Grid they may see; repeatable."))
@click.option("--person", metavar="NUMBER", help=N_("Number of the person in the roster, for their own patrols."))
@click.option("--password-stdin", is_flag=True, help=N_("Read the password from standard input."))
@database_option
def add_command(
    login: str,
    role: str,
    communities: tuple[str, ...],
    grids: tuple[str, ...],
    person: str | None,
    password_stdin: bool,
    database: str | None,
) -> None:
    password = sys.stdin.readline().rstrip("\n") if password_stdin else make_up_password(login)
    with database_session(database, writing=True) as session:
        user = add_user(
            session, login, password, Role(role), communities=communities, grids=grids, person_number=person
        )
        audit.write(session, "user.add", at=now(), object_kind="user", object_key=user.login, facts={"role": role})
    click.echo(_("%(login)s may sign in as %(role)s.") % {"login": login, "role": role})
    if not password_stdin:
        click.echo(_("Password (shown only now): %(password)s") % {"password": password})


def add_user(
    session: Session,
    login: str,
    password: str,
    role: Role,
    *,
    communities: Iterable[str] = (),
    grids: Iterable[str] = (),
    person_number: str | None = None,
) -> User:
    """Add a sign-in whose places are named by their codes.

    A grid belongs to the community whose code it begins with; `person_number` is looked up in the first one.

    Raises
    ------
    webmap.errors.BadInput
        The password is too weak.
    data.errors.NotFound, data.errors.Conflict
        No such community, grid or person; the login is taken.
    """
    check_new_password(password, login)
    today = now().date()
    places: list[tuple[Community, str | None]] = [
        (find_community(session, code, on=today), None) for code in communities
    ]
    places += [(community_of_grid(session, code, on=today), code) for code in grids]
    person = roster.person(session, places[0][0], person_number) if person_number and places else None
    return users.add_user(
        session,
        login=login,
        password_hash=generate_password_hash(password),
        role=role,
        at=now(),
        places=[(community.id, grid) for community, grid in places],
        person_id=person.id if person else None,
    )
