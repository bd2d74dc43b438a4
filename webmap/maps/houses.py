"""The lowest level of a map: the buildings of a grid, and the card of one of them."""

from collections.abc import Iterator, Mapping
from typing import Any

from flask_babel import gettext, ngettext

from geo.errors import N_
from patrols import building_cards, categories
from patrols.needs_by_building import OTHERS, needs_by_building
from webmap import words
from webmap.errors import BadInput
from webmap.maps import layers
from webmap.maps.fetched import Asked, span

GRID_DIGITS = 15


def of_grid(asked: Asked) -> dict[str, Any]:
    """The buildings of the grid that the address names, for the list on its card."""
    code = asked.address.place
    if len(code) != GRID_DIGITS:
        raise BadInput(N_("%(field)s must be the code of a grid: 15 digits."), field="place")
    table = building_cards.buildings_of_grid(asked.session, asked.scope, asked.community, code, at=asked.at)
    return {"buildings": [_row(row) for row in table.itertuples()]}


def _row(row: Any) -> dict[str, Any]:
    name = row.name or row.address or gettext("building %(number)s", number=row.Index)
    return {"id": int(row.Index), "name": name, "households": words.number(row.households)}


def needs(asked: Asked) -> dict[str, Any]:
    """What residents and the hotline asked for in the time, by building, most first."""
    view = asked.address.view
    found = needs_by_building(asked.session, asked.scope, asked.community, view)
    names = {one.id: words.named(one) for one in categories.every(asked.session)}
    spots = layers.pack_points(found.representative_point(), asked.origin(asked.grids()))
    rows = [
        {
            "id": int(row.Index),
            "name": row.name or row.address,
            "point": spot,
            "n": int(row.needs),
            "of": [{"name": _kind(names, key), "n": count} for key, count in row.by_category],
        }
        for row, spot in zip(_rows(found), spots, strict=True)
    ]
    note = ngettext("%(num)s building", "%(num)s buildings", len(rows))
    told = gettext(
        "Told by residents and the hotline, %(days)s. Fewer than 3 at a building or of a kind are not told, sensitive "
        "categories never. At no building: %(count)s.",
        days=span(view, asked.local.date()),
        count=words.number(found.attrs["elsewhere"]),
    )
    return {"needs": rows, "legend": told, "notes": {"needs": note}}


def _rows(found: Any) -> Iterator[Any]:
    yield from found.drop(columns="geometry").itertuples()


def _kind(names: Mapping[int, str], key: int) -> str:
    return gettext("other things") if key == OTHERS else names.get(key, gettext("without a category"))


def card(asked: Asked) -> dict[str, Any]:
    """The card of the building that the address names: what it is, and who answers for it."""
    if asked.address.building is None:
        raise BadInput(N_("%(field)s must be a whole number."), field="building")
    found = building_cards.building_card(
        asked.session, asked.scope, asked.community, asked.address.building, at=asked.at
    )
    house = found.building
    (west, south, east, north) = layers.bounds_of(house.geom)
    stats = [
        (house.households, gettext("households")),
        (house.residents, gettext("residents")),
        (house.entrances, gettext("entrances")),
    ]
    return {
        "title": house.name or house.address or gettext("building %(number)s", number=house.id),
        "over": house.address if house.name else "",
        "grid": found.grid_code,
        "bounds": [[south, west], [north, east]],
        "stats": [{"value": words.number(value), "label": label, "note": ""} for value, label in stats],
        "chain": [{"title": words.named(link), "name": link.name} for link in found.chain],
    }
