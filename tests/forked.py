"""Processes that tests start and kill, forked from one that has the program in memory: each begins at once.

A process that first has to import the program spends most of its short life on that, and dies before it has begun.
"""

import os
import signal
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess

_CONTEXT = get_context("forkserver")
# Each process runs the main module again, which is pytest's.
_CONTEXT.set_forkserver_preload(["pytest", "webmap.cli", "webmap.app", "webmap.notices.sender"])


def start(work: Callable[..., None], *args: object) -> ForkServerProcess:
    """Start a function in a process of its own; `kill` ends it."""
    process = _CONTEXT.Process(target=work, args=args, daemon=True)
    process.start()
    return process


def kill(process: ForkServerProcess) -> None:
    """Kill a process as a power cut does, and wait until it is gone."""
    process.kill()
    process.join()
    assert process.exitcode == -signal.SIGKILL, f"it had ended by itself with {process.exitcode}"
    process.close()


def command(words: list[str], env: dict[str, str]) -> None:
    """The command line in a process of its own; what it says is thrown away."""
    from webmap.cli import main

    os.environ.update(env)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    main(words)
