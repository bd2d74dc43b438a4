"""The server as a process of its own, to be killed and started again."""

import socket
import time
from contextlib import suppress
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import forked


class Server:
    """The server as a process of its own, on one port, killed and started again."""

    def __init__(self, url: str, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._env = {
            "GRIDPATROL_DATABASE_URL": url,
            "GRIDPATROL_INSTANCE": str(folder),
            "GRIDPATROL_SECRET_KEY": "a key for this test only, of some length",
        }
        self._process: ForkServerProcess | None = None

    def start(self) -> None:
        self._process = forked.start(forked.command, ["serve", "--port", str(self.port)], self._env)
        for _ in range(600):
            assert self._process.is_alive(), "the server stopped"
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.05)
        raise AssertionError("the server never answered")

    def kill(self) -> None:
        assert self._process is not None
        forked.kill(self._process)
