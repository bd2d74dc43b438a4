"""Options of the commands that draw: a number of grids, a load, and wishes."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click
import geopandas as gpd

from geo.errors import N_
from patrols.wishing import Asked, read_load
from webmap.cli.options import Band, Decorator, existing_file

BAND = (150, 500)

_band_option: Decorator = click.option(
    "--households",
    type=Band(),
    help=N_("Households (or load) wished in each grid; 150:500, or a fifth either way of the mean with --grids."),
)


def _names(_context: click.Context, _option: click.Parameter, groups: tuple[str, ...]) -> list[list[str]]:
    """Groups of names, with commas of either script between them."""
    return [[name.strip() for name in group.replace("，", ",").split(",") if name.strip()] for group in groups]


_OPTIONS: tuple[Decorator, ...] = (
    click.option("--grids", "number", type=click.IntRange(1, 999), help=N_("How many grids are wanted.")),
    click.option(
        "--load",
        default="households",
        show_default=True,
        help=N_("What to balance: a column, street_metres, or a mix such as households=1,street_metres=0.02."),
    ),
    click.option(
        "--together",
        multiple=True,
        callback=_names,
        metavar="NAME,NAME",
        help=N_("Compounds or buildings that come into one grid; may be given again."),
    ),
    click.option(
        "--apart",
        multiple=True,
        callback=_names,
        metavar="NAME,NAME",
        help=N_("Compounds or buildings that come into different grids; may be given again."),
    ),
    click.option("--whole", type=existing_file, help=N_("A file of polygons that no border may cut.")),
    click.option("--keep-borders", type=existing_file, help=N_("A file of lines that stay borders.")),
)


def drawing_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of drawing; the command gets ``households`` (a band or None) and ``asked``."""

    @wraps(command)
    def with_asked(
        *,
        households: tuple[int, int] | None,
        number: int | None,
        load: str,
        together: list[list[str]],
        apart: list[list[str]],
        whole: Path | None,
        keep_borders: Path | None,
        **others: Any,
    ) -> Any:
        band = households or (None if number else BAND)
        asked = Asked(
            grids=number,
            load=read_load(load),
            together=together,
            apart=apart,
            whole=whole,
            borders=keep_borders,
            datum=others.get("datum", "wgs84"),
        )
        return command(households=band, asked=asked, **others)

    optioned: Callable[..., Any] = with_asked
    for option in reversed((_band_option, *_OPTIONS)):
        optioned = option(optioned)
    return optioned


def only(grids: gpd.GeoDataFrame, codes: tuple[str, ...]) -> gpd.GeoDataFrame | None:
    """The grids of some codes, or the ends of codes; None where none are named.

    Raises
    ------
    click.BadParameter
        When there is no such grid.
    """
    from webmap.cli import _

    if not codes:
        return None
    for code in codes:
        if not grids["grid_code"].str.endswith(code).any():
            raise click.BadParameter(_("there is no grid %(code)s") % {"code": code}, param_hint="--done")
    return grids[grids["grid_code"].str.endswith(codes)]
