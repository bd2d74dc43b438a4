"""``gridpatrol datum``: which datum a file is in, from the streets and buildings of its town."""

from pathlib import Path
from typing import Any

import click
import pandas as pd

from geo.errors import N_
from patrols.datum_check import Candidate, DatumCheck
from patrols.datum_files import check_file
from webmap.cli import _, finish, speech
from webmap.cli.options import Datum, existing_file, json_option


@click.command(
    "datum",
    help=N_(
        "Say which datum FILE fits best: its tracks run along the streets and not through houses, its buildings stand "
        "beside the streets. With --said it exits with 1 when that is surely another."
    ),
)
@click.argument("file", type=existing_file)
@click.option("--streets", type=existing_file, required=True, help=N_("Streets of the same town, in a known datum."))
@click.option("--buildings", type=existing_file, help=N_("Buildings of the same town, in the same datum."))
@click.option("--said", type=Datum(), help=N_("Datum that the file is said to be in; wgs84 where nothing is said."))
@click.option(
    "--streets-datum", type=Datum(), default="wgs84", show_default=True, help=N_("Datum of streets and buildings.")
)
@click.option("--layer", metavar="NAME", help=N_("Layer, sheet or member, where a file has several."))
@json_option
def datum_command(
    file: Path,
    streets: Path,
    buildings: Path | None,
    said: str | None,
    streets_datum: str,
    layer: str | None,
    as_json: bool,
) -> None:
    check = check_file(file, streets, buildings, said=said or "wgs84", streets_datum=streets_datum, layer=layer)
    speech.print_figures(_figures(file, check), as_json, lambda: "\n".join(_told(file, check)))
    finish(int(said is not None and check.contradicts))


def _figures(file: Path, check: DatumCheck) -> dict[str, Any]:
    return {
        "file": str(file),
        "datum": check.datum,
        "probability": round(check.probability, 4),
        "sure": check.datum is not None,
        "said": check.said,
        "places": check.places,
        "why": _(check.why) % check.facts if check.facts else _(check.why),
        "candidates": [_candidate(one) for one in check.candidates],
    }


def _candidate(one: Candidate) -> dict[str, Any]:
    fit = one.fit
    figures = {"shift_m": one.shift_m, "off_m": one.off_m}
    shares = {name: getattr(fit, name) for name in ("on_map", "along", "in_street", "in_buildings")}
    return {
        "datum": one.datum,
        "probability": round(one.probability, 4),
        **{name: None if pd.isna(value) else round(value, 1) for name, value in figures.items()},
        **{name: None if pd.isna(value) else round(value, 3) for name, value in shares.items()},
    }


def _told(file: Path, check: DatumCheck) -> list[str]:
    facts = {"file": file.name, "datum": check.datum, "percent": _percent(check.probability)}
    if check.datum is None:
        first = _("%(file)s: can't tell which datum it is in.") % facts
    else:
        first = _("%(file)s fits %(datum)s (%(percent)s %% sure).") % facts
    why = _(check.why) % check.facts if check.facts else _(check.why)
    return [f"{first} {why}", *(f"  {_line(one)}" for one in check.candidates)]


def _line(one: Candidate) -> str:
    facts = {"datum": one.datum, "percent": _percent(one.probability), "shift": round(one.shift_m)}
    if pd.isna(one.off_m):
        return _("%(datum)s: %(percent)s %%; read so, it moves by %(shift)s m") % facts
    return _("%(datum)s: %(percent)s %%; read so, it moves by %(shift)s m and lies %(off)s m off its place") % {
        **facts,
        "off": round(one.off_m),
    }


def _percent(probability: float) -> str:
    """Never 0 and never 100: nothing of this kind is beyond doubt."""
    return "<0.1" if probability < 0.001 else f"{min(100 * probability, 99.9):.1f}"
