"""The two databases: opening them, bringing them to this program's tables, checking them.

What differs between SpatiaLite and PostGIS lives here and in `data.nearby`.
"""

from data.database.checking import check, spatial_columns
from data.database.migrating import downgrade, init, is_at_head, upgrade
from data.database.opening import open_engine, open_session

__all__ = ["check", "downgrade", "init", "is_at_head", "open_engine", "open_session", "spatial_columns", "upgrade"]
