"""What walkers agree to before a phone records them: texts in versions, given and withdrawn by each person."""

from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from data.database.turns import take_turn
from data.models import Community, Consent, ConsentText, Device, DeviceStage, Person, WalkPhone
from geo.errors import N_
from patrols import devices, walks
from patrols.errors import ConsentRefused

ZH = """我同意社区在我巡逻期间记录我的位置。

一、只记录巡逻：从我按“开始”到按“结束”为止，之外不记录；忘记结束时自动停止。
二、用途：看哪些街巷已走过、哪些久未有人走，以及统计里程和时间。不用于考核个人排名，不提供给其他单位。
三、别人看到的：覆盖情况和不带姓名的线路，线路两端已截去，看不出我家在哪里。查看带姓名的轨迹必须写明理由，并留下记录，我可以看到是谁、何时、为什么看过。巡逻途中，我的队长和网格长能看到我正在外出、在哪个网格；查看确切位置同样须写明理由，我家附近不显示。
四、保存：原始定位点到期（一般为90天）自动删除，线路两端同时截去，只保留里程、时间等合计。
五、我的权利：随时可以撤回同意、取走我的数据、删除我的轨迹。撤回不影响此前已作的统计，也不影响我参加其他活动。
"""
EN = """I agree that the community records my position while I am on patrol.

1. Only patrols: from when I press start until I press stop, and at no other time; recording stops by itself when I \
forget.
2. What for: to see which streets were walked and which were not, and to add up metres and minutes. Not to rank single \
persons, and not for other offices.
3. What others see: coverage, and lines without names whose ends are cut off, so that they do not lead to my door. \
Looking at a track with its name takes a reason and is recorded; I can see who looked, when and why. While I am on \
patrol, my team's leader and the grid manager see that I am out and in which grid; where exactly takes a reason as \
well, and is not shown near my home.
4. How long: single positions are deleted after a set time (90 days as a rule), and the ends of the lines with them; \
only totals stay.
5. My rights: I can withdraw this, take my data away and delete my tracks at any time. What was counted before stays \
counted, and I can take part in everything else.
"""
"""The text that a community begins with, as its first version; it writes its own as further ones."""


def text_in_force(session: Session, community: Community, *, at: datetime) -> ConsentText:
    """The newest version of the community's text.

    A community that has none yet uses ours as its first version; it is stored when somebody agrees to it.

    Parameters
    ----------
    at : datetime
        When the first version counts as written, if there is none yet.
    """
    newest = session.scalars(_texts(community).limit(1)).one_or_none()
    return newest or ConsentText(community_id=community.id, version=1, zh=ZH.strip(), en=EN.strip(), created_at=at)


def texts(session: Session, community: Community) -> list[ConsentText]:
    """All versions of the community's text, the newest first."""
    return list(session.scalars(_texts(community)))


def add_text(session: Session, community: Community, *, zh: str, en: str, at: datetime) -> ConsentText:
    """Add a version. Whoever agreed to an older one is asked again; until then the old consent does not count.

    Raises
    ------
    ConsentRefused
        If the text is empty in either language.
    """
    if not zh.strip() or not en.strip():
        raise ConsentRefused(N_("A consent needs its text in Chinese and in English."))
    take_turn(session, ConsentText)
    last = session.scalar(select(func.max(ConsentText.version)).where(ConsentText.community_id == community.id))
    # Ours, which everybody saw before, is the first.
    version = (last or 1) + 1
    text = ConsentText(community_id=community.id, version=version, zh=zh.strip(), en=en.strip(), created_at=at)
    session.add(text)
    session.flush()
    return text


def give(session: Session, person: Person, version: int, *, at: datetime, by: str = "page") -> Consent:
    """Keep that a person agrees to a version; again, it is the consent that stands already.

    Parameters
    ----------
    version : int
        The one that the person has read.
    by : str
        ``page``, when the person did it; ``paper``, when the office keeps a signed sheet.

    Raises
    ------
    ConsentRefused
        If that version has been replaced meanwhile, or the person withdrew after that moment.
    """
    text = _stored_text(session, person, at)
    if any(one.withdrawn_at is not None and one.withdrawn_at > at for one in history(session, person)):
        raise ConsentRefused(N_("The consent was withdrawn after that: read the text and agree once more."))
    if text.version != version:
        raise ConsentRefused(N_("Version %(version)s is not the one in force: read the newest."), version=version)
    standing = _standing(session, person)
    if standing is not None and standing.text_id == text.id:
        return standing
    given = Consent(person_id=person.id, text_id=text.id, given_at=at, given_by=by)
    session.add(given)
    session.flush()
    # What the person's phones sent from that moment on was kept, and counts now.
    for phone in session.scalars(select(Device).where(Device.person_id == person.id)):
        devices.derive_again(session, phone, at=at, since=at)
    return given


def withdraw(session: Session, person: Person, *, at: datetime) -> int:
    """End whatever a person agreed to; return how many consents that were.

    From then on nothing more is recorded (`may_be_tracked`), a walk that is going on ends, the person's own phones are
    shut out, and nobody is shown the person's lines. Who agrees again has the phone accepted again. The volunteer's
    page alone is not shut out: it records nothing without a walk, begins none without consent, and is where the person
    agrees again. A person who never agreed to anything withdraws too: the newest text is kept as given and withdrawn at
    the same moment.
    """
    pages = select(WalkPhone.device_id)
    for phone in session.scalars(select(Device).where(Device.person_id == person.id, Device.id.not_in(pages))):
        phone.stage, phone.decided_at = DeviceStage.REVOKED, at
    walks.end_all(session, person.id, at=at)
    open_ones = list(
        session.scalars(select(Consent).where(Consent.person_id == person.id, Consent.withdrawn_at.is_(None)))
    )
    if not open_ones and not history(session, person):
        text = _stored_text(session, person, at)
        open_ones = [Consent(person_id=person.id, text_id=text.id, given_at=at, given_by="none")]
        session.add_all(open_ones)
    for consent in open_ones:
        consent.withdrawn_at = at
    session.flush()
    return len(open_ones)


def history(session: Session, person: Person) -> list[Consent]:
    """What a person agreed to and withdrew, the latest first, with the texts."""
    wanted = select(Consent).options(joinedload(Consent.text)).where(Consent.person_id == person.id)
    return list(session.scalars(wanted.order_by(Consent.given_at.desc(), Consent.id.desc())))


def may_be_tracked(session: Session, person: Person) -> bool:
    """Whether a phone may record this person now: the newest text was agreed to, and that was not withdrawn."""
    standing = _standing(session, person)
    newest = select(func.max(ConsentText.version)).where(ConsentText.community_id == person.community_id)
    return standing is not None and standing.text.version == session.scalar(newest)


def periods(session: Session, person: Person) -> list[tuple[datetime, datetime | None]]:
    """From when until when (exclusive; None: still) phones may record a person, the earliest first.

    A consent lasts until it is withdrawn, or until its text is replaced by a newer one.
    """
    texts = select(ConsentText.version, ConsentText.created_at).where(ConsentText.community_id == person.community_id)
    written = session.execute(texts).all()
    found = []
    for one in reversed(history(session, person)):
        newer = [at for version, at in written if version > one.text.version]
        ends = [at for at in (*newer, one.withdrawn_at) if at is not None]
        if not ends or min(ends) > one.given_at:
            found.append((one.given_at, min(ends, default=None)))
    return found


def covers(session: Session, person: Person, at: datetime) -> bool:
    """Whether a phone may have recorded a person at a moment; as `may_be_tracked`, for what is heard of later."""
    return any(begin <= at and (end is None or at < end) for begin, end in periods(session, person))


def agreed(session: Session, community: Community) -> set[int]:
    """The ids of the persons of a community whom phones may record now; as `may_be_tracked`, for all in one query."""
    newest = select(func.max(ConsentText.version)).where(ConsentText.community_id == community.id).scalar_subquery()
    wanted = (
        select(Consent.person_id)
        .join(ConsentText, ConsentText.id == Consent.text_id)
        .where(ConsentText.community_id == community.id, ConsentText.version == newest, Consent.withdrawn_at.is_(None))
    )
    return set(session.scalars(wanted))


def withdrawn(session: Session, community: Community) -> set[int]:
    """The ids of the persons of a community who withdrew their consent and did not give it anew."""
    wanted = (
        select(Consent.person_id, func.count(Consent.withdrawn_at), func.count())
        .join(Person, Person.id == Consent.person_id)
        .where(Person.community_id == community.id)
        .group_by(Consent.person_id)
    )
    return {person for person, ended, given in session.execute(wanted) if ended == given}


def _texts(community: Community) -> "Select[ConsentText]":
    return select(ConsentText).where(ConsentText.community_id == community.id).order_by(ConsentText.version.desc())


def _stored_text(session: Session, person: Person, at: datetime) -> ConsentText:
    """The newest version, stored if it was not yet; two who are the first take turns."""
    take_turn(session, ConsentText)
    text = text_in_force(session, session.get_one(Community, person.community_id), at=at)
    session.add(text)
    session.flush()
    return text


def _standing(session: Session, person: Person) -> Consent | None:
    """The consent that a person gave last and has not withdrawn."""
    return next((one for one in history(session, person) if one.withdrawn_at is None), None)
