"""The ways out: a mail, or a request to somebody's server. Each either returns, and then it has arrived, or raises."""

import base64
import hashlib
import hmac
import json
import smtplib
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import format_datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit

from data.models import WayKind
from patrols.notice_sendings import Parcel
from webmap.notices.post import Post
from webmap.notices.words import Words

TIMEOUT_S = 12.0
"""For every answer that is waited for; a mail takes six of them, and all must fit into `patrols.outbox.LEASE`."""

MOST_ANSWER = 64_000


class NotSent(Exception):
    """It did not arrive, as far as we know."""

    def __init__(self, why: str, *, for_good: bool = False) -> None:
        super().__init__(why)
        self.for_good = for_good


def send(parcel: Parcel, words: Words, post: Post) -> None:
    """Send one notice and wait for the receiver's yes.

    Raises
    ------
    NotSent
        For any other end; `for_good` where the receiver will never take it.
    """
    try:
        if parcel.way is WayKind.MAIL:
            _mail(parcel, words, post)
        else:
            _request(parcel, words)
    except (OSError, smtplib.SMTPException, HTTPException, ValueError) as error:
        raise NotSent(f"{type(error).__name__}: {error}", for_good=_for_good(error)) from error


def _for_good(error: Exception) -> bool:
    """A mail server that says 5xx about the receiver will say so tomorrow too."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(500 <= code < 600 for code, _said in error.recipients.values())
    return False


def _mail(parcel: Parcel, words: Words, post: Post) -> None:
    if not post.scheme:
        raise NotSent("GRIDPATROL_SMTP_URL is not set")
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = post.sender, parcel.address, words.subject
    message["Date"] = format_datetime(parcel.at)
    message["Message-ID"] = f"<{_word(parcel.key)}@{post.sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(words.text)
    safe = ssl.create_default_context()
    kind: Any = smtplib.SMTP_SSL if post.scheme == "smtps" else smtplib.SMTP
    more = {"context": safe} if post.scheme == "smtps" else {}
    with kind(post.host, post.port, timeout=TIMEOUT_S, **more) as server:
        if post.scheme == "smtp+starttls":
            server.starttls(context=safe)
        if post.user:
            server.login(post.user, post.password)
        server.send_message(message)


def _request(parcel: Parcel, words: Words) -> None:
    body = json.dumps(_body(parcel, words), ensure_ascii=False).encode()
    headers = {"Idempotency-Key": parcel.key}
    if parcel.way is WayKind.WEBHOOK and parcel.secret:
        headers["X-Gridpatrol-Signature"] = f"sha256={_signature(parcel.secret, body).hex()}"
    status, said = post_json(parcel.address, body, headers, target=lambda parts: _target(parcel, parts))
    if not 200 <= status < 300:
        raise NotSent(f"HTTP {status}", for_good=status in (404, 410))
    if parcel.way is not WayKind.WEBHOOK and json.loads(said).get("errcode") != 0:
        raise NotSent(said.decode("utf-8", "replace"))


def post_json(
    address: str, body: bytes, headers: dict[str, str], *, target: Callable[[SplitResult], str] | None = None
) -> tuple[int, bytes]:
    """Send JSON to an address and wait for the answer: its status, and the beginning of what it says.

    Raises
    ------
    NotSent
        If the address is none.
    OSError, HTTPException
        If there was no answer.
    """
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise NotSent("the address must begin with http:// or https://", for_good=True)
    about = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "gridpatrol", **headers}
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=TIMEOUT_S)
    try:
        connection.request("POST", (target or whole_path)(parts), body, about)
        answer = connection.getresponse()
        return answer.status, answer.read(MOST_ANSWER)
    finally:
        connection.close()


def whole_path(parts: SplitResult) -> str:
    """The path of an address with its query."""
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _body(parcel: Parcel, words: Words) -> dict[str, Any]:
    if parcel.way is WayKind.WEBHOOK:
        told = {"id": parcel.key, "kind": parcel.kind.value, "at": parcel.at.isoformat(), "text": words.text}
        return told | {"number": parcel.facts.get("number"), "due": parcel.facts.get("due")}
    return {"msgtype": "text", "text": {"content": words.text}}


def _target(parcel: Parcel, parts: SplitResult) -> str:
    """The path of a request; DingTalk wants its signature, over the moment, in the query."""
    if parcel.way is WayKind.DINGTALK and parcel.secret:
        moment = str(int(parcel.at.timestamp() * 1000))
        sign = base64.b64encode(_signature(parcel.secret, f"{moment}\n{parcel.secret}".encode())).decode()
        parts = parts._replace(query=f"{parts.query}&timestamp={moment}&sign={quote(sign, safe='')}".lstrip("&"))
    return whole_path(parts)


def _signature(secret: str, body: bytes) -> bytes:
    return hmac.new(secret.encode(), body, hashlib.sha256).digest()


def _word(key: str) -> str:
    """A key as the left half of a Message-ID, where colons may not stand."""
    return key.replace(":", ".")
