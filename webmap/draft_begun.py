"""A draft begun, made ready and read: in the request, or beside it for whoever can wait elsewhere."""

from sqlalchemy.orm import Session

from data.models import Community, EditionStage, GridEdition
from geo.errors import N_
from patrols import draft_blocks, draft_log, draft_opening, drafts, redraw
from patrols.draft_state import band_of
from patrols.telling import Tell, between, silent
from webmap import background, storage, trail
from webmap.background import Do, Standing
from webmap.trail import Origin


def begin(community: Community, source: str, households: tuple[int, int] | None, *, seed: int = 0) -> GridEdition:
    """Begin a draft and store it; what takes long is found out first, while others go on writing.

    Raises
    ------
    patrols.errors.NoEditionInForce, geo.errors.CannotDraw
        As `patrols.draft_opening.lay_out` says.
    """
    key = community.id
    number: int = _beginning(key, source, households, seed)(silent)
    return redraw.edition(storage.session(), storage.session().get_one(Community, key), number)


def begin_beside(community: Community, source: str, households: tuple[int, int] | None) -> Standing:
    """Begin a draft beside the requests: the community's code and the edition's number come of it.

    A second click finds the same work.
    """
    code, do = community.code, _beginning(community.id, source, households, 0)
    return background.begin(("begin a draft", code, source, households), lambda tell: (code, do(tell)))


def ready(community: Community, number: int) -> GridEdition:
    """An edition by its number, made ready for editing where it came as a draft from a file or a command.

    Raises
    ------
    data.errors.NotFound
        There is none.
    """
    edition = redraw.edition(storage.session(), community, number)
    if not _is_raw(storage.session(), edition):
        return edition
    key, origin = edition.id, trail.origin()
    _make_ready(key, origin, silent)
    # Who asks was looked up before that: what this request has seen of the database is out of date.
    storage.forget_changes()
    return storage.session().get_one(GridEdition, key)


def awaited(community: Community, number: int) -> Standing | None:
    """The work that makes an edition ready and reads it, as long as that is under way; None once it is at hand.

    Raises
    ------
    data.errors.NotFound
        There is no such edition.
    geo.errors.Fault
        What stood against making it ready.
    """
    opened = storage.session()
    edition = redraw.edition(opened, community, number)
    raw = _is_raw(opened, edition)
    if not raw and (drafts.is_known(opened, edition) or draft_log.stamp_of(opened, edition) is None):
        return None
    key, origin = edition.id, trail.origin()

    def fetch(tell: Tell) -> None:
        if raw:
            _make_ready(key, origin, between(tell, 0.0, 0.8))
        _read(key, between(tell, 0.8, 1.0))

    standing = background.begin(("read a draft", key), fetch)
    if standing.under_way:
        return standing
    background.take(standing.word)
    return None


def _beginning(key: int, source: str, households: tuple[int, int] | None, seed: int) -> Do:
    """The work of beginning a draft of a community; the edition's number comes of it."""
    origin = trail.origin()

    def begin(tell: Tell) -> int:
        with storage.reading() as reader:
            place = reader.get_one(Community, key)
            laid = between(tell, 0.0, 0.8)
            plan = draft_opening.lay_out(
                reader, place, at=origin.at, source=source, households=households, seed=seed, tell=laid
            )
        with storage.apart() as opened:
            place, by = opened.get_one(Community, key), trail.person(opened, origin)
            edition = draft_opening.open(opened, place, at=origin.at, by=by, plan=plan, tell=tell)
            number, kept = edition.number, edition.id
            trail.record_from(
                opened, origin, "draft.opened", object_kind="edition", object_key=str(kept), source=source
            )
        _read(kept, between(tell, 0.8, 1.0))
        return number

    return begin


def _is_raw(session: Session, edition: GridEdition) -> bool:
    """Whether a draft has not been made ready for editing."""
    return edition.stage is EditionStage.DRAFT and draft_log.stamp_of(session, edition) is None


def _make_ready(key: int, origin: Origin, tell: Tell) -> None:
    with storage.reading() as reader:
        drawn = reader.get_one(GridEdition, key)
        cut = draft_blocks.lay_out(reader, drawn.community, band_of(drawn)[0], tell=tell)
    tell(N_("Storing the draft …"), 1.0)
    with storage.apart() as opened:
        edition, by = opened.get_one(GridEdition, key), trail.person(opened, origin)
        draft_opening.prepare(opened, edition, at=origin.at, by=by, cut=cut)


def _read(key: int, tell: Tell) -> None:
    """Have this process read a draft, and tell that."""
    tell(N_("Counting what stands in each grid …"), 0.0)
    with storage.reading() as reader:
        drafts.state_of(reader, reader.get_one(GridEdition, key))
