"""Bears bots and workers quickly: what they import is imported once, each life is a fork that is hooked and then runs.

Started by the harness with the product's folder on PYTHONPATH. Reads one JSON object a line: where to record, where to
write down the death, the file of the points to die at, whether to be hooked at all, and the log. Answers with the pid, and with
the exit code when the life has ended; only then it reads on.
"""

import ctypes
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from boundaries import Boundaries, install  # type: ignore[import-not-found]  # it lies beside this file


def _live(role: str, order: dict[str, Any], before: int) -> None:
    """The child's whole life: a process that runs `caseyos bot` or `caseyos worker`."""
    from bot.cli import app
    from bot.embedded.process import PR_SET_PDEATHSIG

    os.setsid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != before:
            os._exit(1)
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    if order["hooked"]:
        install(
            Boundaries(
                role,
                record=Path(order["record"]),
                died=Path(order["died"]),
                marked=Path(order["marked"]) if order["marked"] else None,
            )
        )
    app([role], prog_name="caseyos")


def main(role: str) -> None:
    import googleapiclient.discovery  # noqa: F401

    import bot.cli
    import bot.running  # noqa: F401

    for line in sys.stdin:
        here = os.getpid()
        if (pid := os.fork()) == 0:
            try:
                _live(role, json.loads(line), here)
            except SystemExit as ended:
                os._exit(ended.code if isinstance(ended.code, int) else 1)
            except BaseException:  # noqa: BLE001  (a child must never go on as its parent)
                sys.excepthook(*sys.exc_info())
                os._exit(70)
            os._exit(0)
        print(pid, flush=True)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
