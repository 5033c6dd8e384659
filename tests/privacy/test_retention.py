"""Retention periods: set in the ledger, listed before they take effect, and carried out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from oms_commands.customers.hold import HoldCustomer
from oms_commands.customers.set_retention import SetRetention
from oms_ledger.app import Oms, open_prepared
from oms_ledger.http.app import create_app
from oms_ledger.privacy import retention
from oms_ledger.privacy.retention import RetentionRun, RetentionScheduler, next_run, run_once
from tests.databases import Database
from tests.http.conftest import Api
from tests.privacy.people import ADA, BOB, GUEST, Planted
from tests.privacy.test_erasure import order_of

NOW = datetime.now(UTC)
YEAR = timedelta(days=366)


def period(api: Api, kind: str, keep: str | None, country: str | None = None) -> dict[str, Any]:
    body = {"kind": kind, "keep": keep, "country": country, "reference": "rule 1"}
    answer = api.put("/v1/retention", body)
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()
    return result


def due(api: Api, at: datetime, after: int = 0) -> list[dict[str, Any]]:
    """All items of all pages."""
    items: list[dict[str, Any]] = []
    params: dict[str, Any] = {"at": at.isoformat(), "limit": 2}
    params |= {"min_position": after, "wait_ms": 10_000}
    while True:
        answer = api.get("/v1/retention/due", params=params)
        assert answer.status_code == 200, answer.text
        items += answer.json()["items"]
        if answer.json()["next_cursor"] is None:
            return items
        params["cursor"] = answer.json()["next_cursor"]


def done_with(api: Api, person: Planted, **more: Any) -> dict[str, Any]:
    """An order that is sent, so that nothing of it is open."""
    made = person.buys(api, **more)
    sent = api.post(f"/v1/shipments/{made['shipment_id']}/dispatch", {})
    assert sent.status_code == 200, sent.text
    return {**made, "position": sent.json()["position"]}


def run_of(oms: Oms, now: datetime, **more: Any) -> RetentionRun:
    done = run_once(oms.retention, now, **more)
    assert done is not None
    return done


def name_of(api: Api, made: dict[str, Any]) -> str:
    customer = order_of(api, made)["customer"]
    return str(customer["name"])


def test_without_a_period_no_customer_is_ever_due(oms: Oms, shop: Api) -> None:
    made = done_with(shop, ADA)
    assert due(shop, NOW + 200 * YEAR, made["position"]) == []
    assert run_of(oms, NOW + 200 * YEAR) == RetentionRun()
    assert name_of(shop, made) == f"{ADA.mark} {ADA.mark}last"


def test_periods_are_in_the_ledger_and_answer_as_of(oms: Oms, shop: Api) -> None:
    first = period(shop, "customers", "6y")["position"]
    second = period(shop, "customers", "10y", "DE")["position"]
    last = period(shop, "customers", None)["position"]

    def periods(**params: Any) -> list[tuple[str, str | None, str]]:
        body = shop.get("/v1/retention", params=params).json()
        return [(p["kind"], p["country"], p["keep"]) for p in body["periods"]]

    six, ten = ("customers", None, "6y"), ("customers", "DE", "10y")
    assert periods(as_of=first) == [six]
    assert periods(as_of=second) == [six, ten]
    assert periods(min_position=last) == [ten]
    (current,) = shop.get("/v1/retention").json()["periods"]
    assert (current["set_by"], current["reference"], current["position"]) == (
        "key:admin",
        "rule 1",
        second,
    )


def test_due_lists_persons_with_the_reason_that_blocks_erasure(oms: Oms, shop: Api) -> None:
    done_with(shop, ADA)
    done_with(shop, GUEST)
    open_ = BOB.buys(shop)
    held = done_with(shop, Planted("Zqheld", "c-held"))
    oms.execute(HoldCustomer("c-held", "audit"), actor="tester")
    period(shop, "customers", "2y")
    assert due(shop, NOW + YEAR, held["position"]) == []
    last = period(shop, "guests", "1y")["position"]
    entries = {item["customer_id"]: item for item in due(shop, NOW + 3 * YEAR, last)}
    guest = next(person for person in entries if person.startswith("key:"))
    assert set(entries) == {"c-ada", "c-bob", "c-held", guest}
    assert {person for person, item in entries.items() if item["forget"]} == {"c-ada", guest}
    assert entries["c-ada"]["why"] == "2y are over"
    assert entries["c-bob"]["why"] == "an order is not settled"
    assert entries["c-held"]["why"] == "legal hold"
    assert (entries[guest]["kind"], entries[guest]["keep"]) == ("guests", "1y")
    assert name_of(shop, open_).startswith(BOB.mark), "asking does nothing"


def test_a_run_erases_persons_that_are_due_and_no_others(oms: Oms, shop: Api) -> None:
    ada, guest, bob = done_with(shop, ADA), done_with(shop, GUEST), BOB.buys(shop)
    anonymous = done_with(shop, Planted("Zqnone"), customer=None)
    period(shop, "customers", "2y")
    period(shop, "guests", "2y")
    done = run_of(oms, NOW + 3 * YEAR)
    assert (done.forgotten, dict(done.skipped)) == (3, {"an order is not settled": 1})
    for made in (ada, guest):
        assert name_of(shop, made) == "[forgotten]"
    assert order_of(shop, anonymous)["shipping_address"]["line1"] == "[forgotten]"
    assert name_of(shop, bob).startswith(BOB.mark)
    receipts = shop.get("/v1/events", params={"types": "customer.forgotten.v2"}).json()["items"]
    assert {r["actor"] for r in receipts} == {"system:retention"}
    assert {r["data"]["customer_id"].partition(":")[0] for r in receipts} == {
        "c-ada",
        "key",
        "order",
    }
    (its,) = [r["data"]["period"] for r in receipts if r["data"]["customer_id"] == "c-ada"]
    assert its.items() >= {"kind": "customers", "country": None, "keep": "2y"}.items()
    assert its["policy"] == 2
    assert run_of(oms, NOW + 3 * YEAR).forgotten == 0


def test_each_country_has_its_own_period_and_the_longest_counts(oms: Oms, shop: Api) -> None:
    def to(country: str) -> dict[str, Any]:
        return {"shipping_address": {**ADA.address, "country": country}}

    german = done_with(shop, Planted("Zqgerman", "c-de"), **to("DE"))
    french = done_with(shop, Planted("Zqfrench", "c-fr"), **to("FR"))
    both = Planted("Zqboth", "c-both")
    done_with(shop, both, **to("DE"))
    last = done_with(shop, both, **to("FR"))
    period(shop, "customers", "6y")
    period(shop, "customers", "10y", "DE")
    assert run_of(oms, NOW + 7 * YEAR).forgotten == 1
    assert name_of(shop, french) == "[forgotten]"
    assert name_of(shop, german).startswith("Zqgerman")
    assert name_of(shop, last).startswith("Zqboth")
    assert run_of(oms, NOW + 11 * YEAR).forgotten == 2


def test_a_guests_orders_have_a_period_of_their_own(oms: Oms, shop: Api) -> None:
    """Erasing a customer keeps recent guest orders with the same e-mail address."""
    customer = Planted(GUEST.mark, "c-guest")
    old, new = done_with(shop, customer), done_with(shop, GUEST)
    period(shop, "customers", "2y")
    assert run_of(oms, NOW + 3 * YEAR).forgotten == 1
    assert name_of(shop, old) == "[forgotten]"
    assert name_of(shop, new).startswith(GUEST.mark)


def test_an_import_counts_from_when_it_happened(oms: Oms, shop: Api) -> None:
    long_ago = {"placed_at": "2010-12-01T08:26:00Z"}
    placed = shop.post("/v1/orders", ADA.order(**long_ago))
    cancel = f"/v1/orders/{placed.json()['order_id']}/cancel"
    made = {**placed.json(), **shop.post(cancel, {"reason": "other"}).json()}
    period(shop, "customers", "2y")
    assert run_of(oms, NOW).forgotten == 0, "it was cancelled today"
    with open_prepared(oms.settings) as other:
        other.catch_up()
    assert run_of(oms, NOW + 3 * YEAR).forgotten == 1
    assert name_of(shop, made) == "[forgotten]"


def just_before_deciding(
    monkeypatch: pytest.MonkeyPatch, oms: Oms, act: Callable[[], object]
) -> None:
    """Call `act` between reading who is due and deciding to erase them."""
    decide = oms.execute_many

    def meanwhile(*args: Any, **more: Any) -> Any:
        act()
        return decide(*args, **more)

    monkeypatch.setattr(oms, "execute_many", meanwhile)


def test_a_longer_period_that_was_acknowledged_holds_at_once(
    oms: Oms, shop: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = done_with(shop, ADA)
    period(shop, "customers", "2y")
    just_before_deciding(monkeypatch, oms, lambda: period(shop, "customers", "10y"))
    done = run_of(oms, NOW + 3 * YEAR)
    assert (done.forgotten, dict(done.skipped)) == (0, {"not_due": 1})
    assert name_of(shop, made).startswith(ADA.mark)


def test_a_hold_that_was_acknowledged_holds_at_once(
    oms: Oms, shop: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = done_with(shop, ADA)
    period(shop, "customers", "2y")
    hold = HoldCustomer("c-ada", "audit")
    just_before_deciding(monkeypatch, oms, lambda: oms.execute(hold, actor="tester"))
    assert dict(run_of(oms, NOW + 3 * YEAR).skipped) == {"on_legal_hold": 1}
    assert name_of(shop, made).startswith(ADA.mark)


def test_a_run_is_bounded_and_the_next_one_goes_on(
    oms: Oms, shop: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PAGE_SIZE", 2)
    for n in range(5):
        done_with(shop, Planted(f"Zqmany{n}", f"c{n}"))
    period(shop, "customers", "2y")
    counts: list[int] = []
    first = run_of(oms, NOW + 3 * YEAR, at_most=2, progress=counts.append)
    assert (first.forgotten, first.more, counts) == (2, True, [2])
    rest = run_of(oms, NOW + 3 * YEAR)
    assert (rest.forgotten, rest.more) == (3, False)


def test_one_process_at_a_time_runs_retention(oms: Oms, shop: Api) -> None:
    done_with(shop, ADA)
    period(shop, "customers", "2y")
    with open_prepared(oms.settings) as other, other.retention.exclusive(retention.JOB) as mine:
        assert mine
        assert run_once(oms.retention, NOW + 3 * YEAR) is None
    assert run_of(oms, NOW + 3 * YEAR).forgotten == 1


def test_a_worker_runs_retention_at_its_start_and_then_once_a_day(
    oms: Oms, shop: Api, caplog: pytest.LogCaptureFixture
) -> None:
    clock = [datetime(2200, 5, 1, 10, 0, tzinfo=UTC)]
    scheduler = RetentionScheduler(oms.retention, 3, lambda: clock[0])
    first = done_with(shop, ADA)
    period(shop, "customers", "2y")
    done = scheduler.run_if_due()
    assert done is not None
    assert done.forgotten == 1
    assert name_of(shop, first) == "[forgotten]"
    done_with(shop, BOB)
    clock[0] = datetime(2200, 5, 2, 2, 59, tzinfo=UTC)
    assert scheduler.run_if_due() is None
    clock[0] = datetime(2200, 5, 2, 3, 0, tzinfo=UTC)
    done = scheduler.run_if_due()
    assert done is not None
    assert done.forgotten == 1
    assert scheduler.run_if_due() is None
    assert "Zq" not in caplog.text
    assert "c-ada" not in "".join(r.getMessage() for r in caplog.records if "httpx" not in r.name)


@pytest.mark.parametrize(
    ("now", "hour", "expected"),
    [
        (datetime(2026, 1, 1, 2, 59, tzinfo=UTC), 3, datetime(2026, 1, 1, 3, tzinfo=UTC)),
        (datetime(2026, 1, 1, 3, 0, tzinfo=UTC), 3, datetime(2026, 1, 2, 3, tzinfo=UTC)),
        (datetime(2026, 12, 31, 23, 0, tzinfo=UTC), 0, datetime(2027, 1, 1, 0, tzinfo=UTC)),
    ],
)
def test_the_next_run_is_at_the_hour(now: datetime, hour: int, expected: datetime) -> None:
    assert next_run(now, hour) == expected


def test_records_are_kept_for_their_period(oms: Oms, shop: Api, postgres: Database) -> None:
    made = ADA.buys(shop)
    order_of(shop, made)
    shop.post("/v1/orders", BOB.order(), headers={"Idempotency-Key": "new"})
    with postgres.connect_owner() as owner:
        owner.execute(
            "INSERT INTO personal_access (at, actor, principal, purpose, route, keys)"
            " SELECT now() - interval '7 years', 'long ago', 'x', 'x', 'x', '{}'"
            " FROM generate_series(1, 3)"
        )
        owner.execute(
            "INSERT INTO receipts (scope, key, fingerprint, outcome, recorded_at)"
            " VALUES ('x', 'old', '', '{\"position\": 1}', now() - interval '7 days')"
        )
    assert not run_of(oms, NOW).pruned
    period(shop, "access_log", "6y")
    period(shop, "receipts", "2d")
    assert dict(run_of(oms, NOW).pruned) == {"access_log": 3, "receipts": 1}
    assert [each["actor"] for each in oms.accesses()] == ["key:admin"]
    assert [each.key for each in oms.audit.receipts()] == ["new"]


def test_receipts_of_refusals_are_kept_for_a_week(oms: Oms, shop: Api, postgres: Database) -> None:
    """Whatever the period is; those of what happened stay. A command that was refused is decided
    anew after that."""
    unknown = ADA.order(lines=[{"sku": "UNKNOWN", "quantity": 1, "unit_price": "1.00"}])
    refused = shop.post("/v1/orders", unknown, headers={"Idempotency-Key": "refused"})
    assert refused.status_code == 409
    batch = {"orders": [unknown, ADA.order(external_id="batch")]}
    shop.post("/v1/orders:batch", batch, headers={"Idempotency-Key": "batch"})
    assert shop.post("/v1/orders", ADA.order(), headers={"Idempotency-Key": "sold"}).is_success
    made = datetime.now(UTC)
    assert not run_of(oms, made + timedelta(days=6)).pruned
    again = shop.post("/v1/orders", unknown, headers={"Idempotency-Key": "refused"})
    assert again.headers["idempotent-replayed"] == "true"
    assert dict(run_of(oms, made + timedelta(days=8)).pruned) == {"refusals": 2}
    assert sorted(each.key for each in oms.audit.receipts()) == ["batch\n1", "sold"]
    again = shop.post("/v1/orders", unknown, headers={"Idempotency-Key": "refused"})
    assert again.status_code == 409
    assert "idempotent-replayed" not in again.headers
    with postgres.connect_owner() as connection:
        connection.execute("SET enable_seqscan = off")
        plan = connection.execute(
            "EXPLAIN SELECT scope, key FROM receipts WHERE position(',\"refusal\":'::bytea IN"
            " substring(outcome FROM 1 FOR 45)) > 0 AND recorded_at < now() ORDER BY recorded_at"
        ).fetchall()
    assert "receipts_refused" in str(plan)


def test_the_record_of_accesses_is_deleted_from_by_its_period_alone(
    oms: Oms, shop: Api, postgres: Database
) -> None:
    order_of(shop, ADA.buys(shop))
    with pytest.raises(Exception, match="at least 90 days"):
        oms.retention.prune("access_log", datetime.now(UTC))
    for connect in (postgres.connect, postgres.connect_owner):
        with connect() as connection, pytest.raises(Exception, match=r"denied|append-only"):
            connection.execute("DELETE FROM personal_access")
    assert len(oms.accesses()) == 1


def test_an_administrator_alone_sets_periods(oms: Oms, shop: Api) -> None:
    with Api(create_app(oms), oms.api_keys.create("desk", "operator")) as desk:
        body = {"kind": "customers", "keep": "1d"}
        assert desk.put("/v1/retention", body).status_code == 403
        assert desk.get("/v1/retention/due").status_code == 403
    assert oms.execute(SetRetention("customers", "1d"), actor="tester").events == 1
