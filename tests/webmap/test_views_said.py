"""A view in words."""

from datetime import date
from typing import Any

import make
import pytest
from sqlalchemy.orm import Session

from data.models import Category, IncidentSource
from patrols.incident_view import IncidentView, Which
from webmap.cli import speech
from webmap.shares.said import view_said


def said(session: Session, monkeypatch: pytest.MonkeyPatch, **filters: Any) -> str:
    monkeypatch.setenv("GRIDPATROL_LANGUAGE", "en")
    view = IncidentView(date(2026, 10, 1), date(2026, 11, 22), **filters)
    with speech.for_pages():
        return view_said(session, view).removeprefix("2026-10-01 to 2026-11-22").removeprefix(" · ")


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        ({}, ""),
        ({"hours": (0, 1, 22, 23)}, "0:00–2:00, 22:00–24:00"),
        ({"weekdays": (1, 6, 7)}, "Mon, Sat, Sun"),
        ({"stages": Which.OPEN}, "still open"),
        ({"sources": (IncidentSource.PATROL,), "hours": (8,)}, "found on patrol · 8:00–9:00"),
    ],
)
def test_each_filter_is_said(
    spatialite_session: Session, monkeypatch: pytest.MonkeyPatch, filters: dict[str, Any], words: str
) -> None:
    assert said(spatialite_session, monkeypatch, **filters) == words


def test_few_categories_are_named_and_many_counted(
    spatialite_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [Category(family="f", kind="k", code=str(i), zh=f"类{i}", en=f"kind {i}") for i in range(8)]
    ids = tuple(make.add(spatialite_session, row).id for row in rows)

    assert said(spatialite_session, monkeypatch, categories=ids[:2]) == "kind 0, kind 1"
    assert said(spatialite_session, monkeypatch, categories=ids) == "8 categories"
    assert said(spatialite_session, monkeypatch, categories=(ids[0], 999)) == "2 categories"


def test_a_category_that_was_retired_is_still_named(
    spatialite_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = make.add(spatialite_session, Category(family="f", kind="k", code="1", zh="旧", en="old", retired=True))

    assert said(spatialite_session, monkeypatch, categories=(gone.id,)) == "old"
