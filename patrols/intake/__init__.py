"""Taking in files: places, grids, people, incidents, patrols; all or nothing, a reason for every refused row."""

from patrols.intake.grids import import_grids
from patrols.intake.incidents import import_incidents
from patrols.intake.people import import_people
from patrols.intake.places import import_buildings, import_compounds, import_outline, import_streets
from patrols.intake.sheet import Intake
from patrols.intake.steps import import_steps
from patrols.intake.tracks import import_patrols

__all__ = [
    "Intake",
    "import_buildings",
    "import_compounds",
    "import_grids",
    "import_incidents",
    "import_outline",
    "import_patrols",
    "import_people",
    "import_steps",
    "import_streets",
]
