"""Conditions that SQLite must not look rows up by."""

from typing import Any

from sqlalchemy import Boolean, ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class _RowByRow(FunctionElement[bool]):
    """A condition in brackets; on SQLite with the sign that keeps its planner from using an index for it."""

    type = Boolean()
    inherit_cache = True


@compiles(_RowByRow)
def _anywhere(element: _RowByRow, compiler: SQLCompiler, **how: Any) -> str:
    return f"({compiler.process(element.clauses, **how)})"


@compiles(_RowByRow, "sqlite")
def _on_sqlite(element: _RowByRow, compiler: SQLCompiler, **how: Any) -> str:
    return f"+({compiler.process(element.clauses, **how)})"


def row_by_row(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """A condition that is asked of rows which others have found, never used to find them.

    SQLite keeps no statistics here: it takes an index on the community for as narrow as the key itself, and reads a
    million rows where two thousand were asked for by their keys. PostgreSQL knows better and is left alone.
    """
    return _RowByRow(condition)
