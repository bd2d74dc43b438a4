"""``gridpatrol draw`` and ``check``: grids from files, and what is wrong with them."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import geopandas as gpd

from data import frames
from data.exchange.write import write_features
from geo import tiling
from geo.errors import N_
from patrols import files
from patrols.grid_files import read_grids
from patrols.wishing import Asked
from webmap.cli import _, finish, speech
from webmap.cli.options import datum_option, existing_file, households_option, json_option, out_option
from webmap.cli.wishing import drawing_options


@click.command(
    "draw",
    help=N_("Draw grids from streets and buildings, write them, and print counts, balance and flaws (exit 1 if any)."),
)
@click.option("--outline", type=existing_file, required=True, help=N_("The community's outline."))
@click.option("--streets", type=existing_file, required=True, help=N_("Streets; OpenStreetMap files are understood."))
@click.option("--buildings", type=existing_file, required=True, help=N_("Buildings, with households or storeys."))
@click.option("--compounds", type=existing_file, help=N_("Compounds; none is cut."))
@drawing_options
@click.option("--done", type=existing_file, help=N_("A file of grids that stay as they are."))
@click.option("--code", default="000000000000", show_default=True, help=N_("12-digit code of the community."))
@click.option("--seed", type=int, default=0, show_default=True, help=N_("The same seed draws the same grids."))
@click.option("--skip-bad", is_flag=True, help=N_("Leave bad rows out and list them."))
@datum_option
@out_option
@json_option
def draw_command(
    outline: Path,
    streets: Path,
    buildings: Path,
    compounds: Path | None,
    households: tuple[int, int] | None,
    asked: Asked,
    done: Path | None,
    code: str,
    seed: int,
    skip_bad: bool,
    datum: str,
    out: Path,
    as_json: bool,
) -> None:
    if len(code) != 12 or not (code.isascii() and code.isdigit()):
        raise click.BadParameter(_("it needs twelve digits"), param_hint="--code")
    ground = files.read_ground(outline, streets, buildings, compounds, datum=datum, skip_bad=skip_bad)
    if done is not None:
        asked = replace(asked, done=read_grids(done, datum=datum))
    drawn = files.draw_ground(ground, households=households, community_code=code, seed=seed, asked=asked)
    flaws = tiling.find_flaws(drawn.grids, ground.outline, buildings=ground.buildings, compounds=ground.compounds)
    write_features(frames.to_degrees(drawn.grids if asked.by_more else drawn.grids.drop(columns="load")), out)
    if not as_json:
        for note in ground.notes[: speech.SHOWN]:
            click.echo(speech.tell_refusal(note))
        print_notes(drawn.notes, drawn.grids)
    print_tiling(drawn.grids, flaws, drawn.band, as_json, {"file": str(out)}, load=asked.by_more)
    finish(len(flaws))


@click.command(
    "check", help=N_("Look for gaps, overlaps, cut buildings and unbalanced grids; exit 1 if there is a flaw.")
)
@click.argument("grids", type=existing_file)
@click.option("--outline", type=existing_file, help=N_("What the grids should tile together."))
@click.option("--buildings", type=existing_file, help=N_("Buildings that no border may cut."))
@click.option("--compounds", type=existing_file, help=N_("Compounds that no border may cut."))
@click.option(
    "--sliver",
    type=click.FloatRange(min=0),
    default=1.0,
    show_default=True,
    help=N_("m2 below which a gap is let pass."),
)
@households_option
@datum_option
@json_option
def check_command(
    grids: Path,
    outline: Path | None,
    buildings: Path | None,
    compounds: Path | None,
    sliver: float,
    households: tuple[int, int],
    datum: str,
    as_json: bool,
) -> None:
    drawn = read_grids(grids, datum=datum)
    flaws = files.check_grids(drawn, outline, buildings, compounds, sliver_m2=sliver, datum=datum)
    print_tiling(drawn, flaws, households, as_json, {"file": str(grids)})
    finish(len(flaws))


def print_tiling(
    grids: gpd.GeoDataFrame,
    flaws: gpd.GeoDataFrame,
    band: tuple[int, int],
    as_json: bool,
    facts: dict[str, Any],
    *,
    load: bool = False,
) -> None:
    """Print counts, balance and every flaw with where it is; as text, or as one JSON object.

    With ``load``, balance is that of the load instead of the households.
    """
    places = _places_of(flaws)
    balance = tiling.balance(grids.assign(households=grids["load"]) if load else grids, band)
    labels = _BALANCE | _OF_LOAD if load else _BALANCE
    figures = {**facts, **balance, "flaws": [dict(zip(_FLAW, row, strict=True)) for row in _rows(flaws, places)]}
    speech.print_figures(
        figures,
        as_json,
        lambda: "\n".join(
            [
                *(f"{_(labels.get(name, name))}: {_written(value)}" for name, value in balance.items()),
                *(
                    _("flaw: %(kind)s %(grid_code)s %(other_code)s, %(area_m2)s m2 at %(lon)s, %(lat)s")
                    % dict(zip(_FLAW, row, strict=True))
                    for row in _rows(flaws, places)
                ),
                _("%(count)s flaws") % {"count": len(flaws)},
            ]
        ),
    )


_BALANCE = {
    "grids": N_("grids"),
    "in_band": N_("grids in the band"),
    "in_band_share": N_("share in the band"),
    "households": N_("households"),
    "least": N_("fewest households in a grid"),
    "most": N_("most households in a grid"),
    "mean": N_("households in a grid on average"),
    "spread": N_("standard deviation"),
    "compactness": N_("compactness (Polsby-Popper, 1 is a circle)"),
}


_OF_LOAD = {
    "households": N_("load"),
    "least": N_("least load of a grid"),
    "most": N_("most load of a grid"),
    "mean": N_("load of a grid on average"),
}


def _written(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")


_FLAW = ("kind", "grid_code", "other_code", "area_m2", "lon", "lat")


def _places_of(flaws: gpd.GeoDataFrame) -> gpd.GeoSeries:
    return (
        frames.to_degrees(flaws.set_geometry(flaws.representative_point())).geometry if len(flaws) else flaws.geometry
    )


def _rows(flaws: gpd.GeoDataFrame, places: gpd.GeoSeries) -> list[Sequence[Any]]:
    return [
        (kind, code or "", other or "", round(area, 1), round(place.x, 6), round(place.y, 6))
        for kind, code, other, area, place in zip(
            flaws["kind"], flaws["grid_code"], flaws["other_code"], flaws["area_m2"], places, strict=True
        )
    ]


def print_notes(notes: Sequence[tuple[str, dict[str, Any], float, float]], grids: gpd.GeoDataFrame) -> None:
    """Print what the drawing noticed, each with its place in degrees."""
    shown = notes[: speech.SHOWN]
    places = gpd.GeoSeries.from_xy([note[2] for note in shown], [note[3] for note in shown], crs=grids.crs).to_crs(4326)
    for (template, facts, x, _y), place in zip(shown, places, strict=True):
        where = "" if math.isnan(x) else f" ({place.x:.6f}, {place.y:.6f})"
        click.echo(_(template) % facts + where)
    if len(notes) > len(shown):
        click.echo(_("... and %(count)s more") % {"count": len(notes) - len(shown)})
