"""Words that rows and files share, for those who read files and know of no database."""

from enum import StrEnum


class GridKind(StrEnum):
    """综合 grids tile the community once; 专属 grids (a school, a market) lie over or inside them."""

    GENERAL = "general"
    SPECIAL = "special"
