"""What all tables share: their registry and the names of their constraints."""

from sqlalchemy import Double, MetaData
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    """The registry of all tables."""

    type_annotation_map = {float: Double}  # noqa: RUF012
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )

    def __repr__(self) -> str:
        keys = ", ".join(
            f"{column.key}={getattr(self, str(column.key), None)!r}" for column in self.__mapper__.primary_key
        )
        return f"<{type(self).__name__} {keys}>"
