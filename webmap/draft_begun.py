"""A draft begun, made ready and read, with its progress told to the page that waits for it."""

from data.models import Community, EditionStage, GridEdition
from geo.errors import N_
from patrols import draft_blocks, draft_log, draft_opening, drafts, redraw
from patrols.draft_state import band_of
from patrols.telling import Tell, between
from webmap import access, progress, storage, trail


def begin(community: Community, source: str, households: tuple[int, int] | None, *, seed: int = 0) -> GridEdition:
    """Begin a draft and store it; what takes long is found out first, while others go on writing.

    Raises
    ------
    patrols.errors.NoEditionInForce, geo.errors.CannotDraw
        As `patrols.draft_opening.lay_out` says.
    """
    tell, key, at = progress.teller(), community.id, storage.now()
    with storage.reading() as reader:
        plan = draft_opening.lay_out(
            reader,
            reader.get_one(Community, key),
            at=at,
            source=source,
            households=households,
            seed=seed,
            tell=between(tell, 0.0, 0.8),
        )
    opened = storage.session()
    place = opened.get_one(Community, key)
    edition = draft_opening.open(opened, place, at=at, by=access.me(), plan=plan, tell=tell)
    trail.record("draft.opened", object_kind="edition", object_key=str(edition.id), source=source)
    opened.commit()
    _read(edition, between(tell, 0.8, 1.0))
    return edition


def ready(community: Community, number: int) -> GridEdition:
    """An edition by its number, made ready for editing where it came as a draft from a file or a command.

    Raises
    ------
    data.errors.NotFound
        There is none.
    """
    opened = storage.session()
    edition = redraw.edition(opened, community, number)
    if edition.stage is not EditionStage.DRAFT or draft_log.stamp_of(opened, edition) is not None:
        return edition
    key, tell = edition.id, between(progress.teller(), 0.0, 0.8)
    with storage.reading() as reader:
        drawn = reader.get_one(GridEdition, key)
        cut = draft_blocks.lay_out(reader, drawn.community, band_of(drawn)[0], tell=tell)
    tell(N_("Storing the draft …"), 1.0)
    with storage.apart() as apart:
        draft_opening.prepare(apart, apart.get_one(GridEdition, key), at=storage.now(), by=access.me(), cut=cut)
    # Who asks was looked up before that: what this request has seen of the database is out of date.
    storage.forget_changes()
    return storage.session().get_one(GridEdition, key)


def at_hand(edition: GridEdition) -> None:
    """Have this process read a draft, where it has not yet, and tell that."""
    if not drafts.is_known(storage.session(), edition):
        _read(edition, between(progress.teller(), 0.8, 1.0))


def _read(edition: GridEdition, tell: Tell) -> None:
    tell(N_("Counting what stands in each grid …"), 0.0)
    drafts.state_of(storage.session(), edition)
