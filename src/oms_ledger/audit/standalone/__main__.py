"""`oms-ledger-verify`: the exit code says whether an export is proven."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from .exports import Verdict, verify_export
from .hashes import Unproven
from .notes import VerifierKey


def main(arguments: Sequence[str] | None = None) -> int:
    """Verify an export. Exit codes: 0 where every event is proven, 1 where one is not (the fault is
    printed), 2 for wrong arguments."""
    parser = argparse.ArgumentParser(
        prog="oms-ledger-verify",
        description="Check an export of a ledger against its signed checkpoint, offline.",
    )
    parser.add_argument("export", help="JSON Lines file; - reads standard input")
    parser.add_argument(
        "--key", action="append", required=True, help="verifier key, or a file with one a line"
    )
    parser.add_argument("--checkpoint", help="file with a checkpoint that came another way")
    given = parser.parse_args(arguments)
    try:
        keys = [key for each in given.key for key in _keys(each)]
        checkpoint = Path(given.checkpoint).read_text("utf-8") if given.checkpoint else None
        if given.export == "-":
            _report(verify_export(sys.stdin, keys, checkpoint), sys.stdout)
        else:
            with open(given.export, encoding="utf-8") as lines:
                _report(verify_export(lines, keys, checkpoint), sys.stdout)
    except (Unproven, OSError, UnicodeError) as error:
        print(f"NOT PROVEN: {error}")
        return 1
    return 0


def _keys(given: str) -> list[VerifierKey]:
    path = Path(given)
    if "+" in given and not path.is_file():
        return [VerifierKey.parse(given)]
    return [VerifierKey.parse(line) for line in path.read_text("utf-8").split("\n") if line.strip()]


def _report(verdict: Verdict, out: TextIO) -> None:
    sealed, of = verdict.checkpoint, verdict.header.get("of")
    print(f"PROVEN: {verdict.events} events, positions {verdict.first} to {verdict.last}", file=out)
    print(f"  of          {json.dumps(of)}", file=out)
    print(f"  ledger      {sealed.origin}", file=out)
    print(f"  checkpoint  {sealed.size} events, root {sealed.root.hex()}", file=out)
    print("Every event is, byte for byte, the one that was sealed at its position.", file=out)


if __name__ == "__main__":
    sys.exit(main())
