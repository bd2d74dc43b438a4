"""A notice in words: a subject and a few lines, in the language of whoever gets it. Nothing about reporters."""

from datetime import datetime
from functools import cache
from typing import NamedTuple

from babel.support import NullTranslations, Translations

from data.models import NoticeKind
from geo.errors import N_
from patrols.notice_sendings import Parcel
from webmap.catalogues import CATALOGUES, compile_catalogues
from webmap.storage import LOCAL

SUBJECTS: dict[NoticeKind, str] = {
    NoticeKind.HANDED: N_("Incident %(number)s is handed to you"),
    NoticeKind.SENT_BACK: N_("Incident %(number)s was sent back"),
    NoticeKind.RESOLVED: N_("Incident %(number)s is resolved and waits to be checked"),
    NoticeKind.REDO: N_("Incident %(number)s has to be done again"),
    NoticeKind.RATED_LOW: N_("Incident %(number)s was rated %(rating)s of 5"),
    NoticeKind.REOPENED: N_("Incident %(number)s is open again"),
    NoticeKind.ASKED_LONGER: N_("More time is asked for incident %(number)s"),
    NoticeKind.GIVEN_LONGER: N_("Incident %(number)s has more time"),
    NoticeKind.REFUSED_LONGER: N_("Incident %(number)s gets no more time"),
    NoticeKind.SUPERVISED: N_("Incident %(number)s is supervised"),
    NoticeKind.WARNED: N_("Incident %(number)s is due soon"),
    NoticeKind.OVERDUE: N_("Incident %(number)s is overdue"),
    NoticeKind.MORNING: N_("Today: %(open)s open, %(today)s due today, %(overdue)s overdue"),
}


class Words(NamedTuple):
    """What a notice says."""

    subject: str
    text: str


def say(parcel: Parcel, site: str) -> Words:
    """A notice in its receiver's language, with links where the website's address is known."""
    told = translations(parcel.language)
    subject = told.gettext(SUBJECTS[parcel.kind]) % parcel.facts
    lines = [subject]
    if parcel.facts.get("due"):
        due = datetime.fromisoformat(parcel.facts["due"]).astimezone(LOCAL)
        lines.append(told.gettext("Due: %(at)s") % {"at": f"{due:%Y-%m-%d %H:%M}"})
    numbers = parcel.facts.get("numbers") or [parcel.facts.get("number")]
    lines += [f"{site}/incidents/{number}" if site else str(number) for number in numbers if number]
    return Words(subject, "\n".join(lines))


@cache
def translations(language: str) -> NullTranslations:
    """The catalogue of a language; English is what the program itself says."""
    if language == "en":
        return NullTranslations()
    compile_catalogues()
    return Translations.load(str(CATALOGUES), [language])
