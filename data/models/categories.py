"""Families of categories, and which category of one family is which of another."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from data.models.base import Base
from data.models.columns import Phrase


class CategoryFamily(Base):
    """A dictionary of categories: what it is called, where it is from, and whether it is only an example."""

    __tablename__ = "category_family"

    family: Mapped[str] = mapped_column(Phrase(32), primary_key=True)
    zh: Mapped[str] = mapped_column(Phrase(64))
    en: Mapped[str] = mapped_column(Phrase(64))
    example: Mapped[bool] = mapped_column(default=False)
    source: Mapped[str] = mapped_column(Phrase(255), default="")


class CategoryMapping(Base):
    """That a category is told to others as that one of another family; several may be told as the same."""

    __tablename__ = "category_mapping"

    category_id: Mapped[int] = mapped_column(ForeignKey("category.id"), primary_key=True, autoincrement=False)
    other_id: Mapped[int] = mapped_column(ForeignKey("category.id"), primary_key=True, autoincrement=False, index=True)
