"""``gridpatrol locate``, ``cover`` and ``convert``: points and tracks joined to grids, from file to file."""

from pathlib import Path

import click

from data import frames
from data.errors import RowsRefused
from data.exchange.vector import read_features
from data.exchange.write import write_features, write_table
from geo.datum import in_metres
from geo.errors import N_
from patrols import files
from webmap.cli import _, finish, speech
from webmap.cli.options import Datum, crs_option, datum_option, existing_file, json_option, new_file, out_option

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
@click.option(
    "--engine", type=click.Choice(["local"]), default="local", show_default=True, help=N_("Where it is computed.")
)
@click.option("--skip-bad", is_flag=True, help=N_("Leave rows without a usable place out, list them, and exit with 1."))
@datum_option
@crs_option
@out_option
@json_option
def locate_command(
    points: Path,
    grids: Path,
    x: str | None,
    y: str | None,
    reach: float,
    accuracy: float | str | None,
    engine: str,
    skip_bad: bool,
    datum: str,
    crs: str | None,
    out: Path,
    as_json: bool,
) -> None:
    reading = read_features(points, datum=datum, x=x, y=y, crs=crs)
    if reading.refusals and not skip_bad:
        raise RowsRefused(reading.refusals)
    rows = files.locate_rows(reading, files.read_grids(grids), accuracy=accuracy, reach_m=reach)
    write_features(rows, out)
    speech.list_refusals(reading.refusals)
    rules = {str(rule): int(count) for rule, count in rows["rule"].value_counts().items()}
    figures = {"file": str(out), "rows": len(rows), "sure": int(rows["sure"].sum()), "by_rule": rules}
    speech.print_figures(
        figures,
        as_json,
        lambda: (
            _("%(rows)s rows, %(sure)s of them sure; by rule: %(rules)s")
            % {**figures, "rules": ", ".join(f"{rule} {count}" for rule, count in rules.items())}
        ),
    )
    finish(len(reading.refusals))


@click.command(
    "cover", help=N_("Clean tracks and say what they covered of each grid: metres, minutes, metres of street seen.")
)
@click.argument("tracks", nargs=-1, required=True, type=existing_file)
@click.option("--streets", type=existing_file, required=True, help=N_("Streets; OpenStreetMap files are understood."))
@click.option("--grids", type=existing_file, required=True, help=N_("Grids with their codes."))
@click.option("--streets-out", type=new_file, help=N_("File to write the pieces of street to, with the metres seen."))
@click.option("--skip-bad", is_flag=True, help=N_("Leave bad rows out and list them."))
@datum_option
@out_option
@json_option
def cover_command(
    tracks: tuple[Path, ...],
    streets: Path,
    grids: Path,
    streets_out: Path | None,
    skip_bad: bool,
    datum: str,
    out: Path,
    as_json: bool,
) -> None:
    covered = files.cover_files(tracks, streets, files.read_grids(grids), datum=datum, skip_bad=skip_bad)
    write_table(covered.grids, out)
    if streets_out is not None:
        write_features(frames.to_degrees(covered.pieces), streets_out)
    if not as_json:
        for note in covered.notes[: speech.SHOWN]:
            click.echo(speech.tell_refusal(note))
    totals = covered.grids[["metres", "minutes", "street_metres_seen", "street_metres"]].sum().round(1)
    figures = {"file": str(out), "grids": int(covered.grids["grid_code"].notna().sum())}
    figures |= {str(name): value for name, value in totals.items()}
    speech.print_figures(
        figures,
        as_json,
        lambda: (
            _(
                "%(metres)s m and %(minutes)s min walked; seen %(street_metres_seen)s of %(street_metres)s m of street "
                "(a street along a border counts for the grids on both sides)"
            )
            % figures
        ),
    )


@click.command("convert", help=N_("Write a file in another format, another datum, or both."))
@click.argument("file", type=existing_file)
@click.option(
    "--from", "source", type=Datum(), default="wgs84", show_default=True, help=N_("Datum of the file.")
)
@click.option(
    "--to", "target", type=Datum(), default="wgs84", show_default=True, help=N_("Datum to write.")
)
@click.option("--layer", metavar="NAME", help=N_("Layer, sheet or member, where a file has several."))
@click.option("--skip-bad", is_flag=True, help=N_("Leave bad rows out and list them."))
@crs_option
@out_option
def convert_command(
    file: Path, source: str, target: str, layer: str | None, skip_bad: bool, crs: str | None, out: Path
) -> None:
    reading = read_features(file, datum=source, layer=layer, crs=crs)
    if reading.refusals and not skip_bad:
        raise RowsRefused(reading.refusals)
    rows = files.convert_rows(reading, target=target)
    write_features(rows, out, as_they_are=in_metres(target))
    speech.list_refusals(reading.refusals)
    click.echo(_("%(file)s written: %(rows)s rows, %(datum)s.") % {"file": out, "rows": len(rows), "datum": target})
    finish(len(reading.refusals))
