"""Exports as Parquet, for data tools.

Columns: position, stream, version, type, state (the stored bytes), leaf_hash. The file's metadata
carries the checkpoint and the hashes to the left and right of the range, so that the root can be
recomputed from the leaf hashes: the same proof as in a JSON Lines export.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from oms_ledger.audit.export.json_lines import check_range, checkpoint_for
from oms_ledger.audit.standalone.exports import FORMAT
from oms_ledger.audit.standalone.hashes import b64, leaf, leaf_hash
from oms_ledger.audit.tree.proofs import Prover
from oms_ledger.audit.tree.store import StoredEvent, TreeStore
from oms_ledger.domain.errors import Unavailable

GROUP_EVENTS = 10_000
"""The events of one row group, which are held in memory together."""


def write_parquet(
    store: TreeStore, file: Path, first: int, last: int, tree_size: int | None = None
) -> int:
    """Write the events from `first` to `last`, and give their number. `Unavailable` where pyarrow
    is not installed."""
    try:
        import pyarrow as pa  # type: ignore[import-untyped]  # the library has no types
        import pyarrow.parquet as pq  # type: ignore[import-untyped]  # the library has no types
    except ImportError:
        raise Unavailable(
            "Parquet needs pyarrow. Install it with: pip install 'oms-ledger[parquet]'"
        ) from None
    anchor, prover = checkpoint_for(store, tree_size), Prover(store)
    size = anchor.checkpoint.size
    check_range(first, last, size)
    header = {
        "export": FORMAT,
        "of": {"range": [first, last]},
        "checkpoint": anchor.checkpoint.note,
        "rotations": list(anchor.rotations),
        "left": [b64(h) for h in prover.parts(0, first - 1)],
        "right": [b64(h) for h in prover.parts(last, size)],
    }
    schema = pa.schema(
        [
            ("position", pa.int64()),
            ("stream", pa.string()),
            ("version", pa.int64()),
            ("type", pa.string()),
            ("state", pa.binary()),
            ("leaf_hash", pa.binary(32)),
        ],
        metadata={"oms-ledger": json.dumps(header)},
    )
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for group in _groups(store, first - 1, last):
            writer.write_table(pa.table(_columns(group), schema=schema))
    return last - first + 1


def _groups(store: TreeStore, after: int, until: int) -> Iterator[Sequence[StoredEvent]]:
    while after < until:
        end = min(until, after + GROUP_EVENTS)
        yield store.events(after, end)
        after = end


def _columns(group: Sequence[StoredEvent]) -> dict[str, list[object]]:
    columns = {name: [getattr(event, name) for event in group] for name in StoredEvent._fields}
    columns["leaf_hash"] = [leaf_hash(leaf(*event)) for event in group]
    return columns
