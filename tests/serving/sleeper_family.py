"""A parent for the supervisor's tests: keeps one sleeper until it is killed."""

from __future__ import annotations

import os
import sys
import time

from oms_ledger.serving.supervisor import Child, Supervisor

if __name__ == "__main__":
    sleeper = Child("sleeper", "tests.serving.sleeper", before=(sys.argv[1],))
    with Supervisor(os.environ, [sleeper]) as family:
        while True:
            family.check()
            time.sleep(0.05)
