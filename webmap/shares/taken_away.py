"""A view made into a picture or a file, for the answer itself or beside the requests."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from data.models import Community, ViewKind
from geo.errors import N_
from patrols.scope import Scope
from patrols.telling import Tell, silent
from webmap.maps.export import standalone
from webmap.shares import gather
from webmap.shares.contents import ViewContents
from webmap.shares.drawn import view_map
from webmap.shares.inside import inside

SHOWN = frozenset({".png", ".pdf"})
"""Endings of what a browser opens; a file of ours must not run under our own address."""


@dataclass(frozen=True)
class Wanted:
    """Which view as which kind of file, as far as its reader may see.

    Parameters
    ----------
    communities : tuple of int
        The ids of those whose ground it shows.
    fields : tuple of (name, value)
        The address of the view.
    ending : str
        ``.png`` or ``.pdf`` for a picture, ``.html`` for a file that opens without internet.
    paper : str
        The shape of a picture.
    for_inside : bool
        Tell every number. Who asks for it must be allowed to see incidents one by one: that is not looked at here.
    """

    kind: ViewKind
    communities: tuple[int, ...]
    fields: tuple[tuple[str, str], ...]
    scope: Scope
    ending: str
    paper: str = ""
    for_inside: bool = False

    @property
    def name(self) -> str:
        """What the person's computer calls it."""
        return f"{self.kind}{self.ending}"

    @property
    def shown(self) -> bool:
        """Whether a browser opens it instead of keeping it."""
        return self.ending in SHOWN

    def write(self, session: Session, path: Path, at: datetime, tell: Tell = silent) -> int:
        """Write it, as of a moment; return that it is one.

        Raises
        ------
        Fault
            As `webmap.shares.gather.told` and `webmap.shares.inside.inside` say.
        """
        tell(N_("Collecting what the view shows"), 0.05)
        places = [session.get_one(Community, one) for one in self.communities]
        address = gather.address_of(self.kind, dict(self.fields), places[0], at)
        collect = inside if self.for_inside else gather.told
        contents = collect(session, self.scope, places, address, at=at)
        if self.shown:
            tell(N_("Drawing the picture"), 0.6)
            self._draw(contents, path)
        else:
            tell(N_("Writing the file"), 0.6)
            text = standalone(view_map(contents, window=address.window), title=contents.title)
            path.write_text(text, encoding="utf-8")
        return 1

    def _draw(self, contents: ViewContents, path: Path) -> None:
        # Brought in here: printing is seldom, and every start of the website would pay for it.
        from webmap.printing.view_picture import view_png, write_view
        from webmap.shares.printed import picture_of

        laid_out = picture_of(contents)
        if self.ending == ".pdf":
            write_view(laid_out, path, paper=self.paper)
        else:
            path.write_bytes(view_png(laid_out, paper=self.paper))
