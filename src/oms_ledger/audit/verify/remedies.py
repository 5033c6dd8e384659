"""The remedy for each kind of finding, in one or two sentences for the operator on duty."""

from __future__ import annotations

from collections.abc import Mapping

_RESTORE = (
    "Keep this database as it is for evidence. Take the events from a backup or an export that"
    " proves them, restore, and find out who could write to the database: the program cannot do"
    " this."
)
_FOREIGN = (
    "Compare with a checkpoint kept outside and with a backup. Whoever holds the private key, or"
    " has made another one, wrote this: change the key, and trust only what was anchored before."
)
_TREE = (
    "The events are as sealed; only the tree was touched. Restore the merkle tables from a backup,"
    " and find out who could write to them."
)
_FOLLOWS = (
    "Look first at what is said of the tree: a changed or missing event shows here too. Otherwise"
    " report it with the events of the command (oms-ledger replay); a rule of the program let"
    " it through."
)
_PROGRAM = "Read the log with the version of the program that wrote it, or a newer one."

REMEDIES: Mapping[str, str] = {
    "changed_event": _RESTORE,
    "missing_event": _RESTORE,
    "swapped_events": _RESTORE,
    "position_twice": _RESTORE,
    "truncated_tail": _RESTORE,
    "head_differs": "The row of ledger_head was changed, or the tail of the log is missing. "
    + _RESTORE,
    "tree_shrank": _FOREIGN,
    "root_differs": _FOREIGN,
    "anchor_differs": _FOREIGN,
    "bad_signature": _FOREIGN,
    "unknown_key": "If the key was replaced because it was lost, name the new one with --key."
    " Otherwise: " + _FOREIGN,
    "tile_missing": _TREE,
    "tile_changed": _TREE,
    "unknown_event_type": _PROGRAM,
    "undecodable_event": "If the tree says that the event was changed: restore it. Otherwise: "
    + _PROGRAM,
    "receipt_differs": "Answers to repeated requests may be wrong. Delete the receipt as the"
    " owner of the database, or restore the log that it belongs to.",
    "snapshot_differs": "Stop all processes, remove the stream's rows from the table snapshots as"
    " the owner of the database, and start again: the events are folded instead, as they are"
    " already where the checksum does not fit. And find out who could write to that table.",
    "read_model_differs": "Run oms-ledger verify --repair, which builds it anew from the log and"
    " swaps it in; and find out who could write to its table.",
    "read_model_incomplete": "Look at what is parked (oms-ledger projections parked), and retry it"
    " when the cause is mended.",
}


def remedy(kind: str) -> str:
    """The remedy for a kind of finding."""
    return REMEDIES.get(kind, _FOLLOWS)
