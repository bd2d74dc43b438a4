"""Taking in files: places, grids, people, incidents, patrols; all or nothing, a reason for every refused row."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from patrols.intake.cameras import import_cameras
    from patrols.intake.grids import import_grids
    from patrols.intake.incidents import import_incidents
    from patrols.intake.limits import import_limits
    from patrols.intake.members import import_members
    from patrols.intake.people import import_people
    from patrols.intake.places import import_buildings, import_compounds, import_outline, import_streets
    from patrols.intake.sheet import Intake
    from patrols.intake.steps import import_steps
    from patrols.intake.tracks import import_patrols

__all__ = [
    "Intake",
    "import_buildings",
    "import_cameras",
    "import_compounds",
    "import_grids",
    "import_incidents",
    "import_limits",
    "import_members",
    "import_outline",
    "import_patrols",
    "import_people",
    "import_steps",
    "import_streets",
]

_FILES = {
    "Intake": "sheet",
    "import_buildings": "places",
    "import_cameras": "cameras",
    "import_compounds": "places",
    "import_grids": "grids",
    "import_incidents": "incidents",
    "import_limits": "limits",
    "import_members": "members",
    "import_outline": "places",
    "import_patrols": "tracks",
    "import_people": "people",
    "import_steps": "steps",
    "import_streets": "places",
}


def __getattr__(name: str) -> Any:
    """Bring in what is asked for: who only checks a sheet's rows needs neither the database nor how grids are drawn."""
    if name not in _FILES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_FILES[name]}"), name)
