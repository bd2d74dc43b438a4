"""``gridpatrol locate``: points of any file, however large, joined to their grids."""

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from data.errors import RowsRefused
from geo.compiling import bring_in_numba
from geo.errors import N_
from patrols.aside import grids_aside, read_grounds
from webmap.cli import _, bringing_in, finish, speech
from webmap.cli.engines import (
    engine_option,
    progress_bar,
    require_dask,
    scheduler_option,
    tidy_end,
    without_idle_threads,
)
from webmap.cli.options import crs_option, datum_option, existing_file, json_option, out_option

if TYPE_CHECKING:
    from patrols.batch import Located
    from patrols.question import Question


class Accuracy(click.ParamType[float | str]):
    """Metres, or the name of a column."""

    name = "M|COL"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float | str:
        try:
            metres = float(str(value))
        except ValueError:
            return str(value)
        if not 0 <= metres < 1e6:
            self.fail(_("an accuracy is a number of metres, not %(value)s") % {"value": value}, param, ctx)
        return metres


@click.command("locate", help=N_("Give every row of a file its grid, the rule that decided and how sure that is."))
@click.argument("points", type=existing_file)
@click.option("--grids", type=existing_file, required=True, help=N_("Grids with their codes."))
@click.option("--x", metavar="COL", help=N_("Column of the longitude, where its heading is unusual."))
@click.option("--y", metavar="COL", help=N_("Column of the latitude, where its heading is unusual."))
@click.option(
    "--reach",
    type=click.FloatRange(0, 10_000),
    default=0.0,
    show_default=True,
    help=N_("Metres outside the grids that still count."),
)
@click.option(
    "--accuracy", type=Accuracy(), help=N_("Metres, or the column that holds them; without it nothing is called sure.")
)
@engine_option
@scheduler_option
@click.option("--skip-bad", is_flag=True, help=N_("Leave rows without a usable place out, list them, and exit with 1."))
@datum_option
@crs_option
@out_option
@json_option
@tidy_end()
def locate_command(
    points: Path,
    grids: Path,
    x: str | None,
    y: str | None,
    reach: float,
    accuracy: float | str | None,
    engine: str,
    scheduler: str | None,
    skip_bad: bool,
    datum: str,
    crs: str | None,
    out: Path,
    as_json: bool,
) -> None:
    require_dask(engine, scheduler)
    without_idle_threads()
    dask = engine == "dask"
    with grids_aside(grids) if dask else nullcontext(lambda: read_grounds(grids)) as read_grids:
        # All that takes its time to be brought in comes after another core was set to work.
        with bringing_in():
            bring_in_numba()
            from patrols import batch
            from patrols.question import Question, ask, rehearse

        rows = batch.open_points(points, out, x=x, y=y, crs=crs, datum=datum)
        if dask and rows is not None and not scheduler:
            with bringing_in():
                rehearse(weighing=accuracy is not None)

        def asked() -> Question:
            if dask:
                with bringing_in():
                    batch.bring_in_dask()
            return ask(read_grids(), accuracy=accuracy, reach_m=reach)

        if rows is None:
            tally, refused = _as_a_whole(points, asked(), out, skip_bad=skip_bad, datum=datum, x=x, y=y, crs=crs)
        else:
            with progress_bar(sum(rows.rows(part) for part in rows.parts())) as progress:
                tally, refused = batch.locate_file(
                    *(rows, asked, out), skip_bad=skip_bad, dask=dask, scheduler=scheduler, progress=progress
                )
    for note in refused.notes:
        click.echo(speech.tell_refusal(note), err=True)
    speech.list_refusals(refused.listed, refused.count)
    figures = {"file": str(out), "rows": tally.rows, "sure": tally.sure, "by_rule": tally.rules()}
    speech.print_figures(figures, as_json, lambda: _sentence(figures))
    finish(refused.count)


def _as_a_whole(points: Path, question: "Question", out: Path, *, skip_bad: bool, **how: Any) -> "Located":
    """The same for files that can only be read or written at once: maps and workbooks."""
    from data.exchange.streams import Refused
    from data.exchange.vector import read_features
    from data.exchange.write import write_features
    from patrols.batch import Located
    from patrols.question import locate_rows

    reading = read_features(points, **how)
    if reading.refusals and not skip_bad:
        raise RowsRefused(reading.refusals)
    rows, tally = locate_rows(reading.frame, question)
    write_features(rows, out)
    return Located(tally, Refused(0, len(reading.refusals), reading.refusals))


def _sentence(figures: dict[str, Any]) -> str:
    rules = ", ".join(f"{rule} {count}" for rule, count in figures["by_rule"].items())
    return _("%(rows)s rows, %(sure)s of them sure; by rule: %(rules)s") % {**figures, "rules": rules}
