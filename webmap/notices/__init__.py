"""Sending what people are told: by mail, by webhook, to the groups of WeCom and DingTalk."""

from flask import Flask

from webmap.notices.post import Post
from webmap.notices.sender import Sender


def send_notices(app: Flask) -> Sender:
    """Remind people and send what they are told from now on, as long as this process runs."""
    sender = Sender(app.extensions["gridpatrol.engine"], app.extensions["gridpatrol.clock"], Post.from_env())
    sender.start()
    return sender


__all__ = ["send_notices"]
