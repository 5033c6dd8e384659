"""A child for the supervisor's tests: writes its process id to a file and sleeps; with `stubborn`
it ignores signals to stop."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from oms_ledger.serving.parent_watch import stop_with_parent


def main(folder: Path, pipe: int, stubborn: bool) -> None:
    if stubborn:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    else:
        stop_with_parent(pipe, lambda: sys.exit(0))
    (folder / f"{os.getpid()}").touch()
    while True:
        time.sleep(0.05)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), "stubborn" in sys.argv[3:])
