"""What links show is collected once an hour: a page that many sites show inside theirs must not keep us busy."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import datetime
from threading import Lock
from typing import Generic, TypeVar

from sqlalchemy.orm import Session

from data.models import SharedView
from patrols import redraw, shares
from patrols.days import local_day
from patrols.incident_memory import columns_of
from webmap import language
from webmap.maps.address import MapAddress
from webmap.shares import gather
from webmap.shares.contents import ViewContents

Made = TypeVar("Made")
MOST_VIEWS = 8
MOST_PICTURES = 32


class _Kept(Generic[Made]):
    """The last few things made, by what they were made of."""

    def __init__(self, most: int) -> None:
        self.most, self.lock = most, Lock()
        self.kept: OrderedDict[Hashable, Made] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Made]) -> Made:
        with self.lock:
            if key in self.kept:
                self.kept.move_to_end(key)
                return self.kept[key]
        made = make()
        with self.lock:
            self.kept[key] = made
            while len(self.kept) > self.most:
                self.kept.popitem(last=False)
        return made


_views: _Kept[tuple[ViewContents, MapAddress]] = _Kept(MOST_VIEWS)
_pictures: _Kept[bytes] = _Kept(MOST_PICTURES)


def contents_of(session: Session, share: SharedView, *, at: datetime) -> tuple[ViewContents, MapAddress]:
    """Return what a link shows, as of the last full hour, and the view it was made from."""
    hour = _hour(at)
    return _views.get(_key(session, share, hour), lambda: gather.handed(session, share, at=hour))


def picture_of(session: Session, share: SharedView, *, at: datetime) -> bytes:
    """Return the picture of a link as PNG, as of the last full hour."""
    # Brought in here: printing is seldom, and every start of the website would pay for it.
    from webmap.printing.view_picture import view_png
    from webmap.shares.printed import picture_of as laid_out

    key = _key(session, share, _hour(at))
    return _pictures.get(key, lambda: view_png(laid_out(contents_of(session, share, at=at)[0])))


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _key(session: Session, share: SharedView, hour: datetime) -> Hashable:
    """Whatever changes what a link shows at once: what its maker may see, a redraw, a category made sensitive."""
    each = []
    for community in shares.communities_of(share, on=local_day(share.community, hour)):
        edition = redraw.edition_in_force(session, community.id, hour)
        each.append((community.id, edition.id if edition else 0, columns_of(session, community).facts.mark))
    return share.key, hour, language.current(), shares.scope_of(share), tuple(each)
