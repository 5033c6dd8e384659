"""A process of a rebuild, which gets its instructions through a pipe.

python -m oms_ledger.engine.rebuild.part_main DESCRIPTOR
"""

from __future__ import annotations

import sys
from multiprocessing.connection import Connection as Pipe

from oms_ledger.engine.rebuild.part_process import fold_part

if __name__ == "__main__":
    fold_part(Pipe(int(sys.argv[1])))
