"""Verifies a whole ledger: log, tree, receipts and read models, in one report."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import metadata

from oms_ledger.audit.postgres import StoredReceipt
from oms_ledger.audit.standalone.notes import VerifierKey
from oms_ledger.audit.tree import keys, notes
from oms_ledger.audit.tree.store import StoredEvent, TreeState
from oms_ledger.audit.verify.findings import Anchor, Finding, TreeReport, shortened
from oms_ledger.audit.verify.integrity import LogChecker
from oms_ledger.audit.verify.ports import Progress, VerificationPorts
from oms_ledger.audit.verify.read_models import check_read_models
from oms_ledger.audit.verify.report import Check, VerificationReport
from oms_ledger.audit.verify.snapshots import check_snapshots
from oms_ledger.audit.verify.tee import TeeTreeStore
from oms_ledger.audit.verify.tree import verify_tree
from oms_ledger.domain.errors import invalid_field
from oms_ledger.engine.log import codec
from oms_ledger.kernel import Position


@dataclass(frozen=True, slots=True)
class VerificationOptions:
    """`until` is the last position to check; None checks the whole log, and with `read_models` also
    every read model. `repair` replaces read models that differ. `anchors` are checkpoints kept
    outside, `trusted` verifier keys from outside; without any, the key file here is trusted."""

    until: Position | None = None
    read_models: bool = True
    repair: bool = False
    anchors: Sequence[Anchor] = ()
    trusted: Sequence[VerifierKey] = ()


LOG = "Reading the log"


def verify(
    ports: VerificationPorts, options: VerificationOptions, progress: Progress
) -> VerificationReport:
    """Read the log once and compare. A report on the whole ledger is stored in it; apart from that
    and from `repair` nothing is changed. `Invalid` for an `until` beyond the log."""
    started = datetime.now(UTC)
    tree = ports.tree
    state = tree.state()
    until = _until(options.until, state)
    trusted = list(options.trusted) or keys.trusted_keys(
        tree, ports.signing_key_file(state.ledger_id)
    )
    corrections = {each.position: each.corrected_at for each in ports.readers.clock_corrections()}
    checker = LogChecker(codec.decode, until, corrections)
    log = TeeTreeStore(tree, until, _check_and_report(checker, until, progress))
    origin = notes.origin(ports.ledger, state.ledger_id)
    sealed = verify_tree(log, origin, trusted, options.anchors, until=options.until)
    log.finish()
    report = VerificationReport(
        ledger=ports.ledger,
        origin=origin,
        program=f"oms-ledger {metadata.version('oms-ledger')}",
        until=until,
        head=state.head,
        sealed=min(state.size, until),
        started_at=started,
        finished_at=started,
        keys=tuple(str(key) for key in trusted),
        anchors=tuple(dict.fromkeys(anchor.source for anchor in options.anchors)),
        checks=(*_of_log(checker, sealed, whole=until == state.head), _of_receipts(ports)),
        totals=dict(checker.invariants.totals),
        left_out=(*_not_checked(checker, sealed, options, until), *_corrected(corrections)),
    )
    if options.until is None:
        report = replace(report, checks=(*report.checks, check_snapshots(ports.readers)))
    if options.until is None and options.read_models:
        checks, repaired = check_read_models(ports, progress, repair=options.repair)
        report = replace(report, checks=(*report.checks, *checks), repaired=tuple(repaired))
    report = replace(report, finished_at=datetime.now(UTC))
    if options.until is None:
        ports.keep_report(report.to_json(), ok=report.ok)
    return report


def _until(wanted: Position | None, state: TreeState) -> Position:
    end = max(state.head, state.newest)
    if wanted is None:
        return end
    if not 1 <= wanted <= end:
        why = f"The ledger has the positions 1 to {end}. Name one of them, or none."
        raise invalid_field("until", why)
    return wanted


def _check_and_report(
    checker: LogChecker, until: Position, progress: Progress
) -> Callable[[Sequence[StoredEvent]], None]:
    def on_events(events: Sequence[StoredEvent]) -> None:
        checker.page(events)
        progress(LOG, checker.events, until)

    return on_events


def _of_log(checker: LogChecker, sealed: TreeReport, *, whole: bool) -> Iterator[Check]:
    """The checks of the tree and of the log. Missing events that the tree check has named are not
    listed again."""
    named = {(f.first, f.last) for f in sealed.findings if f.kind in MISSING}
    findings = [
        f
        for f in checker.finish(whole=whole)
        if f.kind not in MISSING or (f.first, f.last) not in named
    ]
    yield Check("tree", "sealed events against the tree, byte for byte", sealed.events,
                tuple(sealed.findings))  # fmt: skip
    yield Check("checkpoints", "signed checkpoints, in the database and from outside",
                sealed.checkpoints + sealed.anchors)  # fmt: skip
    checked = checker.invariants.checked
    counts = {name: checked[name] for name in INVARIANTS} | {"log": checker.events}
    counts["streams"] = sum(checker.streams.values())
    for name, (about, kinds) in CHECKS.items():
        yield Check(name, about, counts[name], tuple(f for f in findings if f.kind in kinds))
    assert {f.kind for f in findings} <= KINDS, "a kind of finding that no check shows"


MISSING = ("missing_event", "truncated_tail")

CHECKS: Mapping[str, tuple[str, Collection[str]]] = {
    "log": (
        "events: dense positions, a name and bytes that can be read, times that never run back",
        ("missing_event", "position_twice", "unknown_event_type", "undecodable_event",
         "time_runs_backwards"),
    ),
    "streams": (
        "streams: dense versions, every event its own and able to follow the one before",
        ("unknown_stream", "version_gap", "event_out_of_place", "stream_mismatch"),
    ),
    "stock balances": (
        "stock after each command: never oversold, and what the orders' lines hold",
        ("oversold", "stock_differs_from_orders"),
    ),
    "lines": (
        "order lines after each event: every unit is somewhere",
        ("units_lost",),
    ),
    "orders": (
        "orders: amounts that add up in one currency, numbers dense in each channel",
        ("money_does_not_add_up", "placed_again", "number_gap", "number_differs"),
    ),
    "shipments": (
        "shipments: what was packed is what was shipped, and never back",
        ("shipment_differs", "shipment_moved_back"),
    ),
    "returns": (
        "returns: what their orders count of them, and nothing refunded that never came back",
        ("return_differs", "return_over_refunded"),
    ),
    "payments": (
        "payments: what their orders count of them, and nothing refunded above what was captured",
        ("payment_differs", "payment_does_not_add_up"),
    ),
}  # fmt: skip

KINDS = frozenset(kind for _, kinds in CHECKS.values() for kind in kinds)

INVARIANTS = ("stock balances", "lines", "orders", "shipments", "returns", "payments")


def _of_receipts(ports: VerificationPorts) -> Check:
    """Checks that the position in every receipt exists in the log."""
    head, count, findings = 0, 0, list[Finding]()
    for receipt in ports.receipts():
        count += 1
        if receipt.position is not None and receipt.position > head:
            head = ports.readers.head()  # the ledger may grow meanwhile
        if receipt.position is None or not 0 <= receipt.position <= head:
            findings.append(_of_receipt(receipt, head))
    about = "receipts: each answers with a position that is in the log"
    return Check("receipts", about, count, tuple(shortened("receipt_differs", findings)))


def _of_receipt(receipt: StoredReceipt, head: Position) -> Finding:
    text = f"the receipt {receipt.key!r} of {receipt.scope!r} answers with no position of the log"
    actual = "none" if receipt.position is None else str(receipt.position)
    return Finding("receipt_differs", text, expected=f"0 to {head}", actual=actual)


def _corrected(corrections: Collection[Position]) -> Iterator[str]:
    if corrections:
        at = ", ".join(f"{position:,}" for position in corrections)
        yield (
            f"Times behind {at}, against those before: a person has set the ledger's time back"
            " there (oms-ledger clock show)."
        )


def _not_checked(
    checker: LogChecker, sealed: TreeReport, options: VerificationOptions, until: Position
) -> Iterator[str]:
    unsealed = until - min(sealed.size, until)
    if unsealed:
        yield (
            f"The {unsealed:,} newest events are not sealed yet: that nobody changed them is not"
            " proven. A worker seals about once a second; oms-ledger checkpoint seal does it now."
        )
    if not options.anchors:
        yield (
            "Whether the end of the log was cut off together with its tree: that shows only against"
            " a checkpoint kept outside (--checkpoint FILE)."
        )
    if not options.trusted:
        yield (
            "Whether the key here is the one it was: that needs a verifier key from elsewhere"
            " (--key KEY)."
        )
    if checker.left_out:
        yield f"{checker.left_out} streams behind the fault that is named of each."
    if options.until is not None:
        yield (
            f"Events after {until:,}, snapshots, the read models, and the last command if it is not"
            " whole."
        )
    elif not options.read_models:
        yield "Read models, as was asked for."
