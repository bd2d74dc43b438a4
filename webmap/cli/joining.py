"""``gridpatrol cover`` and ``convert``: tracks joined to grids and streets, and one format into another."""

from pathlib import Path

import click

from data import frames
from data.errors import RowsRefused
from data.exchange.vector import read_features
from data.exchange.write import write_features, write_table
from geo.compiling import bring_in_numba
from geo.datum import in_metres
from geo.errors import N_
from patrols import covering, files
from patrols.grid_files import read_grids
from patrols.rules import Rules
from webmap.cli import _, finish, speech
from webmap.cli.engines import engine_option, progress_bar, require_dask, scheduler_option, tidy_end
from webmap.cli.options import Datum, crs_option, datum_option, existing_file, json_option, new_file, out_option


def _yards_in_words(figures: dict[str, object]) -> str:
    rules = Rules()
    return "\n" + _(
        "Courtyards: %(yard_m2_seen)s of %(yard_m2)s m² of open ground seen. A compound with %(least)s m of inner "
        "paths or more counts by the metres of them walked along, any other by the share of its open ground within "
        "%(sight)s m of where walks went in, farther than %(edge)s m from its edge."
    ) % (figures | {"least": f"{rules.yard_path_m:g}", "sight": f"{rules.sight_m:g}", "edge": f"{rules.yard_edge_m:g}"})


@click.command(
    "cover", help=N_("Clean tracks and say what they covered of each grid: metres, minutes, metres of street seen.")
)
@click.argument("tracks", nargs=-1, required=True, type=existing_file)
@click.option("--streets", type=existing_file, required=True, help=N_("Streets; OpenStreetMap files are understood."))
@click.option("--grids", type=existing_file, required=True, help=N_("Grids with their codes."))
@click.option("--streets-out", type=new_file, help=N_("File to write the pieces of street to, with the metres seen."))
@click.option("--compounds", type=existing_file, help=N_("Compounds: also say which share of each courtyard was seen."))
@click.option("--buildings", type=existing_file, help=N_("Buildings, which are no open ground of a compound."))
@click.option("--compounds-out", type=new_file, help=N_("File to write the compounds to, with the share seen."))
@engine_option
@scheduler_option
@click.option("--skip-bad", is_flag=True, help=N_("Leave bad rows out and list them."))
@datum_option
@out_option
@json_option
@tidy_end()
def cover_command(
    tracks: tuple[Path, ...],
    streets: Path,
    grids: Path,
    streets_out: Path | None,
    compounds: Path | None,
    buildings: Path | None,
    compounds_out: Path | None,
    engine: str,
    scheduler: str | None,
    skip_bad: bool,
    datum: str,
    out: Path,
    as_json: bool,
) -> None:
    if compounds is None and (buildings or compounds_out):
        raise click.UsageError(_("--buildings and --compounds-out go with --compounds."))
    require_dask(engine, scheduler)
    bring_in_numba()
    ground = read_grids(grids)
    with progress_bar(2 * sum(covering.fixes_of(path, datum=datum) for path in tracks)) as progress:
        covered = covering.cover_files(
            *(tracks, streets, ground),
            datum=datum,
            skip_bad=skip_bad,
            dask=engine == "dask",
            scheduler=scheduler,
            folder=out.resolve().parent,
            progress=progress,
            compounds=compounds,
            buildings=buildings,
        )
    write_table(covered.grids, out)
    if compounds_out is not None and covered.compounds is not None:
        write_features(frames.to_degrees(covered.compounds), compounds_out)
    if streets_out is not None:
        write_features(frames.to_degrees(covered.pieces), streets_out)
    if not as_json:
        for note in covered.notes[: speech.SHOWN]:
            click.echo(speech.tell_refusal(note))
    totals = covered.grids[["metres", "minutes", "street_metres_seen", "street_metres"]].sum().round(1)
    figures = {"file": str(out), "grids": int(covered.grids["grid_code"].notna().sum())}
    figures |= {str(name): value for name, value in totals.items()}
    if covered.compounds is not None:
        figures |= {name: round(float(covered.grids[name].sum())) for name in ("yard_m2", "yard_m2_seen")}
    speech.print_figures(
        figures,
        as_json,
        lambda: (
            _(
                "%(metres)s m and %(minutes)s min walked; seen %(street_metres_seen)s of %(street_metres)s m of street "
                "(a street along a border counts for the grids on both sides)"
            )
            % figures
            + (_yards_in_words(figures) if covered.compounds is not None else "")
        ),
    )


@click.command("convert", help=N_("Write a file in another format, another datum, or both."))
@click.argument("file", type=existing_file)
@click.option("--from", "source", type=Datum(), default="wgs84", show_default=True, help=N_("Datum of the file."))
@click.option("--to", "target", type=Datum(), default="wgs84", show_default=True, help=N_("Datum to write."))
@click.option("--layer", metavar="NAME", help=N_("Layer, sheet or member, where a file has several."))
@click.option("--skip-bad", is_flag=True, help=N_("Leave bad rows out and list them."))
@crs_option
@out_option
@tidy_end()
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
