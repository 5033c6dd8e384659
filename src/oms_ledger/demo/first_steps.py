"""First steps with the sample shop: its addresses, a key, and requests for a shell."""

from __future__ import annotations

from rich.text import Text

from oms_ledger.domain.identifiers import order_id_for

CHANNEL, EXTERNAL_ID = "web", "TRY-1"
BODY = (
    f'{{"channel":"{CHANNEL}","external_id":"{EXTERNAL_ID}","currency":"GBP",'
    '"lines":[{"sku":"MUG-MOSS","quantity":2,"unit_price":"11.50"}]}'
)
POSITION = r"""$(echo "$ORDER" | sed 's/.*"position": *\([0-9]*\).*/\1/')"""


def hints(base_url: str, key: str) -> Text:
    """Addresses, key and requests, to be printed with `soft_wrap`. The whole text runs in a shell,
    and so does each request after the line that sets address and key."""
    text = Text()
    for name, value in (
        ("API", f"{base_url}/v1"),
        ("Docs", f"{base_url}/docs"),
        ("Metrics", f"{base_url}/metrics"),
        ("Key", key),
    ):
        text.append(f"# {name:8}", "dim").append(f"{value}\n", "bold")
    text.append(f"\nOMS={base_url} AUTH='Authorization: Bearer {key}'\n", "green")
    for title, line in requests():
        text.append(f"\n# {title}\n", "dim").append(f"{line}\n", "green")
    return text


def requests() -> list[tuple[str, str]]:
    """Requests for a POSIX shell, with a title each. The third shows the order that the second
    places, as soon as the read model has it. Sent again, they answer the same."""
    order_id = order_id_for(CHANNEL, EXTERNAL_ID, "")
    get, auth = 'curl -s "$OMS/v1', '-H "$AUTH"; echo'
    return [
        ("What is late", f'{get}/orders?late=true&limit=3" {auth}'),
        (
            "Place an order. The same again is the same order",
            f'ORDER=$({get}/orders" -H "$AUTH" -H "Content-Type: application/json" '
            f"-d '{BODY}'); echo \"$ORDER\"",
        ),
        (
            "See it, as soon as the read model has got that far",
            f'{get}/orders/{order_id}?min_position={POSITION}" {auth}',
        ),
        (
            "Where its units came from: the latest movements of that stock",
            f'{get}/stock/MUG-MOSS/movements?limit=3" {auth}',
        ),
        (
            "What a warehouse is to pick",
            f'{get}/picklists?location=LEEDS&limit=3" {auth}',
        ),
        (
            "Parcels with an exception, and how each was resolved",
            f'{get}/cases?limit=3" {auth}',
        ),
        (
            "How well each place ships",
            f'{get}/analytics/shipping?group_by=location" {auth}',
        ),
    ]
