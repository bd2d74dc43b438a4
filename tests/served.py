"""What tests in a real browser share: a served town, and what is noted while a page is open."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import ConsoleMessage, Request

AT = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
"""14:30 on the wall of the office."""


@dataclass(frozen=True)
class Site:
    """A served town: its address, its database's file, and the passwords of its sign-ins by login."""

    address: str
    file: Path
    passwords: dict[str, str]


@dataclass
class Watch:
    """What a page did that it should not have done."""

    foreign: list[str] = field(default_factory=list)
    shouted: list[str] = field(default_factory=list)

    def request(self, asked: Request) -> None:
        if not asked.url.startswith(("http://127.0.0.1:", "data:", "blob:", "file:")):
            self.foreign.append(asked.url)

    def console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.shouted.append(message.text)
