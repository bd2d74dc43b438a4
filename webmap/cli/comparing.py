"""``gridpatrol grids compare``: what an edition changes against another."""

from collections.abc import Sequence
from typing import Any

import click
import pandas as pd

from data.models import LineageKind
from geo.errors import N_
from patrols import redraw
from patrols.communities import find_community
from patrols.left_postings import LeftPosting, left_postings
from patrols.lineage import heirs
from patrols.preview import Preview, preview
from patrols.tally import FIGURES, NOWHERE
from webmap.cli import _, speech
from webmap.cli.editions import choose, edition_option
from webmap.cli.options import community_option, database_option, database_session, json_option, now


@click.command("compare", help=N_("What an edition changes against another: every grid before and after, what moves."))
@edition_option
@click.option(
    "--with",
    "other",
    type=int,
    metavar="NUMBER",
    help=N_("Compare with this edition; else with the one in force, or the one it took over from."),
)
@community_option
@database_option
@json_option
def compare_command(
    edition: int | None, other: int | None, community: str | None, database: str | None, as_json: bool
) -> None:
    at = now()
    with database_session(database) as session:
        place = find_community(session, community, on=at.date())
        drafts = [one for one in redraw.editions(session, place) if one.stage in redraw.OPEN]
        chosen = choose(session, place, edition, draft=bool(drafts))
        against = None if other is None else redraw.edition(session, place, other)
        told = preview(session, chosen, at=at, against=against)
        left = left_postings(session, chosen, told.after["grid_code"], heirs(told.lineage), at=at)
        speech.print_figures(_figures(told, left), as_json, lambda: _written(told, left))


def _figures(told: Preview, left: Sequence[LeftPosting]) -> dict[str, Any]:
    """A comparison as JSON: numbers as they are, nothing where a grid does not exist."""
    grids = told.grids.reset_index().astype(object)
    grids = grids.where(told.grids.reset_index().notna(), None)
    return {
        "edition": told.edition.number,
        "against": None if told.against is None else told.against.number,
        "grids": grids.to_dict("records"),
        "moves": told.moves.to_dict("records"),
        "totals": told.totals.to_dict("index"),
        "left_postings": [{"grid_code": one.grid_code, "heir": one.heir or None, "duty": one.duty} for one in left],
    }


_NAMES = {
    "households": N_("households"),
    "residents": N_("residents"),
    "buildings": N_("buildings"),
    "street_metres": N_("metres of street"),
    "open_incidents": N_("open incidents"),
    "patrol_metres": N_("metres walked in 8 weeks"),
    "patrol_minutes": N_("minutes walked in 8 weeks"),
    "postings": N_("postings"),
}


def _written(told: Preview, left: Sequence[LeftPosting]) -> str:
    changed = told.grids[(told.grids["change"] != LineageKind.KEPT) & (told.grids.index != NOWHERE)]
    against = "-" if told.against is None else told.against.number
    lines = [
        _("Edition %(number)s against edition %(other)s: %(changed)s grids change, %(kept)s stay as they are.")
        % {
            "number": told.edition.number,
            "other": against,
            "changed": len(changed),
            "kept": len(told.grids) - len(changed) - 1,
        }
    ]
    for code, row in changed.iterrows():
        parts = [
            f"{_(_NAMES[name])} {_number(row[name + '_before'])} -> {_number(row[name + '_after'])}"
            for name in FIGURES
            if _number(row[f"{name}_before"]) != _number(row[f"{name}_after"])
        ]
        lines.append(f"  {code} {row['change']}: {', '.join(parts)}")
    lines += [
        _("  %(from_code)s -> %(to_code)s: %(households)s households, %(open_incidents)s open incidents, %(area)s m2")
        % {**row, "from_code": row["from_code"] or "-", "to_code": row["to_code"] or "-", "area": round(row["area_m2"])}
        for row in told.moves.to_dict("records")
    ]
    lines += [
        _("  %(number)s is posted on %(grid_code)s, which is no more (most of its ground: %(heir)s): post them anew.")
        % {"number": one.number, "grid_code": one.grid_code, "heir": one.heir or "-"}
        for one in left
    ]
    return "\n".join(lines)


def _number(value: Any) -> str:
    return "-" if pd.isna(value) else f"{value:.0f}"
