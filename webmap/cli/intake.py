"""``gridpatrol import``: files into the database, whole or not at all."""

from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from data import audit
from data.exchange.sources import KINDS, read
from data.models import Community
from geo.errors import N_
from patrols import intake
from patrols.communities import enter_community, find_community
from patrols.intake import Intake
from webmap.cli import _, finish, speech
from webmap.cli.options import (
    community_option,
    crs_option,
    database_option,
    database_session,
    datum_option,
    existing_file,
    json_option,
    now,
)

TAKERS = {kind: getattr(intake, f"import_{kind}") for kind in KINDS}


@click.command(
    "import",
    help=N_(
        "Take in files of one KIND. A file with a bad row is refused as a whole, with every bad row named; "
        "--skip-bad takes the good rows. Several files are stored together or not at all."
    ),
)
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("files", nargs=-1, required=True, type=existing_file, metavar="FILE...")
@click.option("--skip-bad", is_flag=True, help=N_("Store the good rows, list the others, and exit with 1."))
@click.option(
    "--draft",
    is_flag=True,
    help=N_("With grids: take also grids without a code of their own, and list the flaws, to be mended in the editor."),
)
@click.option(
    "--repair", is_flag=True, help=N_("With grids: mend gaps, overlaps and slivers before they are stored as a draft.")
)
@click.option("--layer", metavar="NAME", help=N_("Layer, sheet or member, where a file has several."))
@click.option("--code", metavar="CODE", help=N_("With an outline: enter a new community of this 12-digit code."))
@click.option("--name", default="", help=N_("With --code: what the community is called."))
@click.option("--subdistrict", default="", help=N_("With --code: the name of its subdistrict, if that is new."))
@click.option("--county", default="", help=N_("With --code: the name of its county, if that is new."))
@community_option
@datum_option
@crs_option
@database_option
@json_option
def import_command(
    kind: str,
    files: tuple[Path, ...],
    skip_bad: bool,
    draft: bool,
    repair: bool,
    layer: str | None,
    code: str | None,
    name: str,
    subdistrict: str,
    county: str,
    community: str | None,
    datum: str,
    crs: str | None,
    database: str | None,
    as_json: bool,
) -> None:
    if code is not None and kind != "outline":
        raise click.UsageError(_("--code belongs to an outline; elsewhere say --community."))
    if (draft or repair) and kind != "grids":
        raise click.UsageError(_("--draft and --repair belong to grids."))
    how: dict[str, Any] = {"skip_bad": skip_bad}
    if kind == "grids":
        how |= {"draft": draft, "repair": repair}
    at = now()
    with database_session(database, writing=True) as session:
        place = (
            find_community(session, community, on=at.date())
            if code is None
            else enter_community(session, code, name or code, on=at.date(), subdistrict=subdistrict, county=county)
        )
        taken = [_take(session, kind, file, place, how, layer, datum, crs) for file in files]
        audit.write(
            session,
            f"{kind}.imported",
            at=at,
            object_kind="community",
            object_key=place.code,
            facts={"stored": sum(one.stored for one in taken)},
        )
    for file, one in zip(files, taken, strict=True):
        _print(file, one, as_json)
    finish(sum(len(one.refusals) for one in taken))


def _take(
    session: Session,
    kind: str,
    file: Path,
    place: Community,
    how: dict[str, Any],
    layer: str | None,
    datum: str,
    crs: str | None,
) -> Intake:
    reading = read(file, kind, datum=datum, layer=layer, crs=crs, timezone=place.timezone)
    done: Intake = TAKERS[kind](session, reading, place, at=now(), **how)
    return done


def _print(file: Path, done: Intake, as_json: bool) -> None:
    speech.list_refusals(done.refusals)
    counts = {name: getattr(done, name) for name in ("stored", "updated", "unchanged", "outside")}
    speech.print_figures(
        {
            "file": str(file),
            **counts,
            "refused": [speech.tell_refusal(one) for one in done.refusals],
            "notes": [speech.tell_refusal(one) for one in done.notes],
        },
        as_json,
        lambda: (
            _(
                "%(file)s: %(stored)s stored, %(updated)s replaced, %(unchanged)s as before, "
                "%(outside)s outside left out, %(refused)s refused"
            )
            % {"file": file.name, **counts, "refused": len(done.refusals)}
        ),
    )
    if not as_json:
        for note in done.notes[: speech.SHOWN]:
            click.echo(f"  {speech.tell_refusal(note)}")
