"""The address that phones send to, before the website: no session, no page, no form, only what a fix needs.

It stands outside of Flask because a thousand phones ask it every second, and none of what the website does for a
person's request (sign-in, language, headers, compression) means anything to them.
"""

import base64
import binascii
import logging
import time
import zlib
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote_plus

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request

from data.errors import DataError, UnreadableFile
from data.fix_store import Sending
from patrols.devices import TOKEN_MARK, hash_token
from webmap.phones import answers
from webmap.phones.answers import Reply
from webmap.phones.dialects import Message, read_message
from webmap.phones.messages import Asked, Dialect, NotUnderstood
from webmap.phones.queries import read_fields
from webmap.phones.writer import Writer

log = logging.getLogger(__name__)

PATH = "/track"
REASONS = {200: "OK", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 413: "Content Too Large"}
REASONS |= {422: "Unprocessable Content", 429: "Too Many Requests", 500: "Internal Server Error"}
REASONS |= {503: "Service Unavailable"}

Environ = dict[str, Any]
Wsgi = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


class _Credentials(NamedTuple):
    user: str | None = None
    token: str | None = None


class _TooLarge(Exception):
    """More bytes than are read."""


class Door:
    """A WSGI application in front of another one.

    Parameters
    ----------
    app : Flask
        The website: its clock, its counts, its limits.
    inner : callable
        Who answers everything that is not for phones.
    writer : Writer
    """

    def __init__(self, app: Flask, inner: Wsgi, writer: Writer) -> None:
        self._app, self._inner, self._writer = app, inner, writer
        self._folder: Path = app.config["WEB"].storage.instance
        self._most_bytes: int = app.config["MAX_CONTENT_LENGTH"]

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path != PATH and not path.startswith(f"{PATH}/"):
            return self._inner(environ, start_response)
        begun = time.perf_counter()
        reply = self._answer(environ, path[len(PATH) + 1 :].strip("/"))
        if counts := self._app.extensions.get("gridpatrol.counts"):
            counts.add(environ["REQUEST_METHOD"], reply.status, time.perf_counter() - begun)
        start_response(f"{reply.status} {REASONS[reply.status]}", _headers(reply))
        return [reply.body]

    def _answer(self, environ: Environ, token: str) -> Reply:
        try:
            return self._take(environ, token)
        except _TooLarge:
            return answers.TOO_LARGE
        except NotUnderstood as fault:
            return answers.not_understood(400, str(fault))
        except UnreadableFile as fault:
            return answers.not_understood(422, str(fault))
        except HTTPException as error:
            return answers.not_understood(400, error.name)
        except (DataError, SQLAlchemyError):
            log.exception("the database did not take a phone's fixes")
            return answers.BUSY
        except Exception:
            log.exception("a phone's message could not be handled")
            return answers.BROKEN

    def _take(self, environ: Environ, token: str) -> Reply:
        now: datetime = self._app.extensions["gridpatrol.clock"]()
        credentials = _credentials(environ.get("HTTP_AUTHORIZATION", ""))
        asked = Asked(
            query=_query(environ.get("QUERY_STRING", "")),
            user=credentials.user or environ.get("HTTP_X_LIMIT_U"),
            device=environ.get("HTTP_X_LIMIT_D"),
            received_ms=int(now.timestamp() * 1000),
        )
        message = read_message(_body(environ, self._most_bytes), asked, self._folder)
        token = token or credentials.token or str(asked.query.get("token") or "")
        if not token and not message.identity:
            # OwnTracks asks whether anybody is there, and sends much that is no position.
            says_nothing = message.dialect is Dialect.OWNTRACKS and not message.fixes
            return answers.stored(message) if says_nothing else answers.NO_IDENTITY
        taken = self._writer.store(_sending(message, token, asked))
        return answers.REFUSED.get(taken) or answers.stored(message)


def _headers(reply: Reply) -> list[tuple[str, str]]:
    headers = [("Content-Type", reply.kind), ("Content-Length", str(len(reply.body))), ("Cache-Control", "no-store")]
    return [*headers, ("Retry-After", str(reply.retry_s))] if reply.retry_s else headers


def _sending(message: Message, token: str, asked: Asked) -> Sending:
    return Sending(
        hash_token(token) if token else None,
        message.identity,
        message.dialect,
        asked.received_ms,
        message.fixes,
        message.unusable,
    )


def _query(text: str) -> dict[str, Any]:
    try:
        return read_fields(text)
    except ValueError:
        raise NotUnderstood("The address has too many fields.") from None


def _credentials(header: str) -> _Credentials:
    kind, _, value = header.partition(" ")
    if kind.lower() == "bearer":
        return _Credentials(token=value.strip())
    if kind.lower() != "basic":
        return _Credentials()
    try:
        user, _, password = base64.b64decode(value, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return _Credentials()
    # OwnTracks has no other field for a secret. Any other password says nothing.
    return _Credentials(user=user or None, token=password if password.startswith(TOKEN_MARK) else None)


def _body(environ: Environ, most: int) -> bytes:
    if environ.get("CONTENT_TYPE", "").startswith("multipart/"):
        return _first_file(environ, most)
    length = environ.get("CONTENT_LENGTH") or "0"
    size = int(length) if length.isdigit() else 0
    if size > most:
        raise _TooLarge
    body: bytes = environ["wsgi.input"].read(size) if size else b""
    return _unpacked(body, most) if body[:2] == b"\x1f\x8b" else body


def _unpacked(body: bytes, most: int) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        plain = unpacker.decompress(body, most)
    except zlib.error:
        raise NotUnderstood("The body is packed, but cannot be unpacked.") from None
    if unpacker.unconsumed_tail:
        raise _TooLarge
    return plain


def _first_file(environ: Environ, most: int) -> bytes:
    with Request(environ) as request:
        request.max_content_length = most
        for file in request.files.values():
            body: bytes = file.read()
            return body
        return b"&".join(f"{quote_plus(key)}={quote_plus(value)}".encode() for key, value in request.form.items())
