"""How Alembic runs our migrations: on the connection that `data.database` hands over, inside its transaction."""

from alembic import context

from data.database.migrating import is_ours
from data.models import Base

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, include_object=is_ours)
with context.begin_transaction():
    context.run_migrations()
