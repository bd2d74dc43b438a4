"""How the website runs: read once from ``GRIDPATROL_*`` variables, never at import."""

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from data.errors import BadSetting
from data.settings import Settings
from geo.errors import N_

LANGUAGES = ("zh", "en")
"""Languages of the pages; the first is the default."""

SITE = re.compile(r"https?://(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?")
"""Another site as a content policy names it: never a path, never anything that could end the rule."""

SHORTEST_SECRET = 16
"""Characters of a secret key below which signed cookies could be guessed."""


@dataclass(frozen=True)
class WebSettings:
    """What the website needs to know before its first request.

    Parameters
    ----------
    storage : data.settings.Settings
        Where the database and the instance folder are.
    secret_key : str
        Signs the cookies. Whoever knows it can sign in as anybody.
    language : str
        ``zh`` or ``en``: the pages' language until a person chooses another.
    secure_cookies : bool
        Send cookies over HTTPS only. Off by default, because offices run this on plain HTTP inside their own network.
    max_upload_mb : int
        Largest request taken, in megabytes. What is larger is refused unread.
    idle_minutes : int
        A sign-in ends after this many minutes without a request.
    sign_in_attempts, lockout_minutes : int
        Wrong passwords in a row before a sign-in is locked, and for how long.
    proxies : int
        Reverse proxies in front whose ``X-Forwarded-*`` headers are believed.
    frame_hosts : tuple of str
        Other sites that may show shared views inside their pages, such as ``https://www.example.gov.cn``; this site
        itself always may. Every other page stays where it is.
    demo : bool
        The sample town is shown: demo sign-ins are printed on the sign-in page.
    """

    storage: Settings
    secret_key: str = field(repr=False)
    language: str = "zh"
    secure_cookies: bool = False
    max_upload_mb: int = 50
    idle_minutes: int = 60
    sign_in_attempts: int = 5
    lockout_minutes: int = 15
    proxies: int = 0
    frame_hosts: tuple[str, ...] = ()
    demo: bool = False

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None, *, demo: bool = False) -> "WebSettings":
        """Read the settings; outside the demo a secret key must be given.

        Parameters
        ----------
        environ : mapping, optional
            Instead of the process's own variables.
        demo : bool
            The sample town runs: without a key, one is made up for this run (sign-ins end with it).

        Raises
        ------
        data.errors.BadSetting
            A value cannot be used, or the secret key is missing or shorter than 16 characters.
        """
        env = os.environ if environ is None else environ
        return cls(
            storage=Settings.from_env(env),
            secret_key=_secret(env, demo=demo),
            language=_choice(env, "GRIDPATROL_LANGUAGE", LANGUAGES),
            secure_cookies=_choice(env, "GRIDPATROL_SECURE_COOKIES", ("0", "1")) == "1",
            max_upload_mb=_count(env, "GRIDPATROL_MAX_UPLOAD_MB", cls.max_upload_mb, least=1),
            idle_minutes=_count(env, "GRIDPATROL_IDLE_MINUTES", cls.idle_minutes, least=1),
            sign_in_attempts=_count(env, "GRIDPATROL_SIGN_IN_ATTEMPTS", cls.sign_in_attempts, least=1),
            lockout_minutes=_count(env, "GRIDPATROL_LOCKOUT_MINUTES", cls.lockout_minutes, least=1),
            proxies=_count(env, "GRIDPATROL_PROXIES", cls.proxies, least=0),
            frame_hosts=_sites(env, "GRIDPATROL_FRAME_HOSTS"),
            demo=demo,
        )


def _secret(env: Mapping[str, str], *, demo: bool) -> str:
    key = env.get("GRIDPATROL_SECRET_KEY", "")
    if not key and demo:
        return secrets.token_hex(32)
    if len(key) < SHORTEST_SECRET:
        raise BadSetting(
            N_(
                "GRIDPATROL_SECRET_KEY must be at least %(least)s characters that nobody can guess. "
                "Make one with: python3 -c 'import secrets; print(secrets.token_hex(32))'"
            ),
            least=SHORTEST_SECRET,
        )
    return key


def _choice(env: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    value = env.get(name) or allowed[0]
    if value not in allowed:
        raise BadSetting(
            N_("%(name)s is %(value)s, but must be one of: %(allowed)s."),
            name=name,
            value=repr(value),
            allowed=", ".join(allowed),
        )
    return value


def _sites(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    sites = tuple(env.get(name, "").lower().replace(",", " ").split())
    for site in sites:
        if not SITE.fullmatch(site):
            raise BadSetting(
                N_("%(name)s names %(value)s, but must hold sites such as https://www.example.gov.cn, without a path."),
                name=name,
                value=repr(site),
            )
    return sites


def _count(env: Mapping[str, str], name: str, default: int, *, least: int) -> int:
    value = env.get(name) or str(default)
    if not (value.isascii() and value.isdigit()) or int(value) < least:
        raise BadSetting(
            N_("%(name)s is %(value)s, but must be a whole number, at least %(least)s."),
            name=name,
            value=repr(value),
            least=least,
        )
    return int(value)
