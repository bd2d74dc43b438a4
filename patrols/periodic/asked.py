"""What a sheet is asked of: a community and a period, with the rows that several sections need, read once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

import geopandas as gpd
import pandas as pd
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data import frames
from data.models import Category, Community, GridEdition, Incident, Organisation, Patrol
from geo.errors import N_
from patrols import redraw
from patrols.days import local_day, zone
from patrols.histories import histories
from patrols.periodic.cells import Cell, Named, Said
from patrols.periods import Period, PeriodKind
from patrols.rates import marks
from patrols.scope import Scope


@dataclass(frozen=True)
class Span:
    """A period as far as it is told: `until` is its end, or earlier where it still runs or is cut to compare."""

    period: Period
    since: datetime
    until: datetime


@dataclass(frozen=True)
class Counted:
    """The incidents of a span, and what each of them counts for (`patrols.rates.marks`)."""

    table: pd.DataFrame
    marks: pd.DataFrame


@dataclass(frozen=True)
class Asked:
    """Who asks about which community and period, and what the sections are made from; everything is read once.

    Parameters
    ----------
    at : datetime
        Now, aware.
    """

    session: Session
    scope: Scope
    community: Community
    period: Period
    at: datetime

    @cached_property
    def span(self) -> Span:
        """The period, until now where it still runs."""
        ends = min(self.period.ends_at(self.community), self.at)
        return Span(self.period, self.period.begins_at(self.community), ends)

    @property
    def running(self) -> bool:
        """Whether the period has not ended yet."""
        return self.span.until < self.period.ends_at(self.community)

    @property
    def last_moment(self) -> datetime:
        """The last moment that belongs to what is told."""
        return self.span.until - timedelta(microseconds=1)

    @property
    def last_day(self) -> date:
        """The last local day that belongs to what is told."""
        return local_day(self.community, self.last_moment)

    @cached_property
    def counted(self) -> Counted:
        """The incidents of the period."""
        return self.count(self.span)

    def count(self, span: Span) -> Counted:
        """The incidents of a span."""
        table = histories(self.session, self.scope, self.community, span.since, span.until)
        return Counted(table, marks(table, span.since, span.until))

    @cached_property
    def before(self) -> Span:
        """The period before, as far into it as this one has come."""
        return self._as_far(self.period.before())

    @cached_property
    def year_before(self) -> Span | None:
        """The same period a year before, as far into it; None for a year, whose period before it is."""
        return None if self.period.kind is PeriodKind.YEAR else self._as_far(self.period.year_before())

    def _as_far(self, earlier: Period) -> Span:
        begins, ends = earlier.begins_at(self.community), earlier.ends_at(self.community)
        if not self.running:
            return Span(earlier, begins, ends)
        return Span(earlier, begins, min(ends, begins + (self.span.until - self.span.since)))

    @cached_property
    def counted_before(self) -> Counted | None:
        """The incidents of the period before; None where it was not recorded."""
        return self.count(self.before) if self.recorded_before(Incident) else None

    @cached_property
    def counted_year_before(self) -> Counted | None:
        """The incidents of the same period a year before; None where it was not recorded."""
        span = self.year_before
        return None if span is None or not self._recorded(Incident, span) else self.count(span)

    def recorded_before(self, model: type[Incident] | type[Patrol]) -> bool:
        """Whether incidents, or patrols, were kept all through the period before."""
        return self._recorded(model, self.before)

    def recorded_year_before(self, model: type[Incident] | type[Patrol]) -> bool:
        """Whether incidents, or patrols, were kept all through the same period a year before."""
        return self.year_before is not None and self._recorded(model, self.year_before)

    def _recorded(self, model: type[Incident] | type[Patrol], span: Span) -> bool:
        first = self.recorded_since[model]
        return first is not None and first <= span.period.first

    @cached_property
    def recorded_since(self) -> Mapping[type[Incident] | type[Patrol], date | None]:
        """The local days of the first incident and the first patrol that are kept; None: there is none."""
        found, walked = (
            self.session.scalar(select(func.min(column)).where(community == self.community.id))
            for column, community in (
                (Incident.found_at, Incident.community_id),
                (Patrol.started_at, Patrol.community_id),
            )
        )
        return {
            Incident: None if found is None else local_day(self.community, found),
            Patrol: None if walked is None else local_day(self.community, walked),
        }

    @cached_property
    def edition(self) -> GridEdition | None:
        """The edition of the grids that was in force on the last day."""
        return redraw.edition_in_force(self.session, self.community.id, self.last_day)

    @cached_property
    def ground(self) -> gpd.GeoDataFrame | None:
        """The grids of that edition in metres, all of them; None without an edition."""
        return None if self.edition is None else frames.grids(self.session, self.edition.id)

    @cached_property
    def grids(self) -> pd.DataFrame:
        """The grids of that edition that may be seen, by code: `name`, `households` and what else is kept of them."""
        if self.ground is None:
            return pd.DataFrame(columns=["name", "households"], index=pd.Index([], name="grid_code", dtype=object))
        table = pd.DataFrame(self.ground.drop(columns="geometry")).set_index("grid_code").sort_index()
        return table[[self.scope.allows(self.community.id, str(code)) for code in table.index]]

    @cached_property
    def households(self) -> dict[str, int]:
        """The households of each grid that may be seen, by code, in their order."""
        return {str(code): int(number) for code, number in self.grids["households"].items()}

    def grid_name(self, code: str | None) -> Cell:
        """What a grid is called; None: no grid."""
        if code is None:
            return Said(N_("in no grid: the community itself"))
        return str(self.grids.at[code, "name"]) if code in self.households else Said(N_("no longer in force"))

    def with_gone(self, known: Iterable[str | None]) -> list[str | None]:
        """The codes of the grids in force at the end, then those among the known that no longer were, then None."""
        codes = set(known)
        gone = sorted(code for code in codes if code is not None and code not in self.households)
        return [*self.households, *gone, *([None] if None in codes else [])]

    def notes_on_grids(self, codes: Iterable[str | None]) -> tuple[Said, ...]:
        """What has to be known of a table of grids that has some which were no longer in force at the end."""
        if all(code is None or code in self.households for code in codes):
            return ()
        return (
            Said(N_("Grids are those in force on the last day; what was counted for earlier ones stands below them.")),
        )

    @cached_property
    def whole(self) -> bool:
        """Whether all of the community may be seen."""
        return self.scope.allows(self.community.id)

    @cached_property
    def categories(self) -> dict[int, Category]:
        """All categories by id."""
        return {row.id: row for row in self.session.scalars(select(Category))}

    @cached_property
    def offices(self) -> dict[int, Organisation]:
        """The community's offices by id."""
        wanted = select(Organisation).where(Organisation.community_id == self.community.id)
        return {row.id: row for row in self.session.scalars(wanted)}

    def category(self, key: Any) -> Cell:
        """What a category is called."""
        row = None if pd.isna(key) else self.categories.get(int(key))
        return Said(N_("without a category")) if row is None else Named(row.zh, row.en)

    def office(self, key: Any) -> Cell:
        """What an office is called."""
        row = None if pd.isna(key) else self.offices.get(int(key))
        return Said(N_("no office: the community itself")) if row is None else row.name

    def local(self, moments: "pd.Series[pd.Timestamp]") -> "pd.Series[pd.Timestamp]":
        """Moments on the community's own clock."""
        return moments.dt.tz_convert(zone(self.community.timezone))

    @cached_property
    def compared_with(self) -> tuple[Said, ...]:
        """What has to be known to read the comparisons: how far they reach, and what was not recorded."""
        notes = []
        if self.running:
            notes.append(
                Said(N_("The period still runs: it is compared with earlier ones as far into them as it has come."))
            )
        first = self.recorded_since[Incident]
        missing = not self.recorded_before(Incident) or (
            self.year_before is not None and not self.recorded_year_before(Incident)
        )
        if missing and first is not None:
            notes.append(
                Said(N_("Incidents are kept since %(first)s; earlier periods cannot be compared."), {"first": first})
            )
        return tuple(notes)
