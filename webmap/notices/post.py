"""Where notices are sent from, read once from ``GRIDPATROL_*`` variables."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from data.errors import BadSetting
from geo.errors import N_

PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


@dataclass(frozen=True)
class Post:
    """The mail server and what the website is called from outside.

    Parameters
    ----------
    scheme : str
        ``smtp``, ``smtp+starttls`` or ``smtps``; "" where no mail is sent.
    host, port, user, password : str, int, str, str
        Of the mail server.
    sender : str
        The address that mails come from.
    site : str
        The website's own address, for links; "" for none.
    """

    scheme: str = ""
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = field(default="", repr=False)
    sender: str = ""
    site: str = ""

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Post":
        """Read ``GRIDPATROL_SMTP_URL``, ``GRIDPATROL_SMTP_FROM`` and ``GRIDPATROL_SITE``.

        Raises
        ------
        BadSetting
            The address of the mail server cannot be read, or nobody is said to send.
        """
        env = os.environ if environ is None else environ
        site = env.get("GRIDPATROL_SITE", "").rstrip("/")
        text = env.get("GRIDPATROL_SMTP_URL", "")
        if not text:
            return cls(site=site)
        parts = urlsplit(text)
        if parts.scheme not in PORTS or not parts.hostname:
            raise BadSetting(
                N_("GRIDPATROL_SMTP_URL must look like smtps://user:password@host:465 (or smtp, smtp+starttls).")
            )
        sender = env.get("GRIDPATROL_SMTP_FROM", "")
        if "@" not in sender:
            raise BadSetting(N_("GRIDPATROL_SMTP_FROM must be the mail address that notices come from."))
        return cls(
            scheme=parts.scheme,
            host=parts.hostname,
            port=parts.port or PORTS[parts.scheme],
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            sender=sender,
            site=site,
        )
