"""The end of a process that has nothing left to do."""

import atexit
import os
import sys
from typing import NoReturn


def leave_at_once(status: int) -> NoReturn:
    """End this process without taking its memory apart piece by piece, which takes as long as a million points do.

    What was registered for the end of the process is done, and what was said is said. For programs without threads
    that still have something to write.

    Parameters
    ----------
    status : int
        What the one who started the process is told; 0 for success.
    """
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        # A program without a window on the screen may have none.
        if stream is not None:
            stream.flush()
    os._exit(status)
