"""Photos that a phone sends, before or after the report that names them."""

import uuid

from flask import Blueprint, current_app, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from data.photo_store import PhotoStore
from geo.errors import N_
from patrols import photos
from webmap import storage
from webmap.errors import BadInput
from webmap.walk import bearer


def add_to(walk: Blueprint) -> None:
    """Add this address."""
    walk.add_url_rule("/photos/<key>", "photo", photo, methods=["PUT"])


@bearer.of_phone
def photo(key: str) -> ResponseReturnValue:
    """Keep a photo; what was kept already is not drawn again."""
    key = _key(key)
    opened, now = storage.session(), storage.now()
    there = photos.known(opened, bearer.device(), key)
    if there is not None and there.kept_at is not None:
        return jsonify({"id": key, "status": "known"})
    # Drawing takes a second on a small server: nobody else should wait for this session's turn meanwhile.
    opened.rollback()
    picture = photos.drawn(_body())
    file = store().put(picture.content, picture.small)
    phone = bearer.phone()
    new = photos.receive(opened, phone.device, key, picture, file, at=now, by=phone.user)
    opened.commit()
    return jsonify({"id": key, "status": "stored" if new else "known"}), 201 if new else 200


def store() -> PhotoStore:
    """Where the pictures of this instance lie."""
    return PhotoStore(current_app.config["WEB"].storage.instance)


def _key(said: str) -> str:
    try:
        return str(uuid.UUID(said))
    except ValueError:
        raise BadInput(N_("%(field)s must be a UUID."), field="id") from None


def _body() -> bytes:
    request.max_content_length = photos.MOST_BYTES
    content = request.get_data(cache=False)
    if len(content) > photos.MOST_BYTES:
        raise RequestEntityTooLarge
    return content
