"""`python -m supply.bill`: writes build/sbom.cdx.json, a bill of materials (CycloneDX) of what runs
with the program: every package with its version, licence, origin and the hashes of the lock.
Packages for development only are left out."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from packaging.utils import canonicalize_name

from supply.packages import ROOT, Locked, locked, running

TOOL = ROOT / ".venv-tools" / "bin" / "cyclonedx-py"
OUT = ROOT / "build" / "sbom.cdx.json"

OPTIONS = (
    "--pyproject",
    str(ROOT / "pyproject.toml"),
    "--sv",
    "1.6",
    "--output-reproducible",
    "--no-validate",
)
"""Not validated here, since that takes 15 seconds; a test validates the reduced bill."""

Bill = dict[str, Any]


def main() -> int:
    if not TOOL.exists():
        print("NO BILL OF MATERIALS: cyclonedx-py is not installed (make tools).")
        return 0
    command = [str(TOOL), "environment", sys.executable, *OPTIONS]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    bill = reduced(json.loads(output), set(running()), locked())
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(bill, indent=2) + "\n", "utf-8")
    print(f"{OUT.relative_to(ROOT)}: {len(bill['components'])} packages")
    return 0


def reduced(whole: Bill, kept: set[str], lock: Mapping[str, Locked]) -> Bill:
    """The components and dependencies of the `kept` packages, with the hashes of the lock. Raises
    `SystemExit` where a package is not installed, or in another version than the locked one."""
    components: dict[str, Any] = {
        canonicalize_name(each["name"]): each for each in whole["components"]
    }
    if missing := kept - components.keys():
        raise SystemExit(f"Not installed: {', '.join(sorted(missing))}. Run: make setup")
    other = [name for name in sorted(kept) if lock[name].version != components[name]["version"]]
    if other:
        raise SystemExit(f"Not as locked: {', '.join(other)}. Run: make setup")
    for name in kept:
        components[name]["hashes"] = [
            {"alg": "SHA-256", "content": digest} for digest in lock[name].hashes
        ]
    refs = {components[name]["bom-ref"] for name in kept}
    refs.add(whole["metadata"]["component"]["bom-ref"])
    dependencies = [
        {**each, "dependsOn": [ref for ref in each.get("dependsOn", ()) if ref in refs]}
        for each in whole["dependencies"]
        if each["ref"] in refs
    ]
    return {
        **whole,
        "components": [components[name] for name in sorted(kept)],
        "dependencies": dependencies,
    }


if __name__ == "__main__":
    sys.exit(main())
