"""Query strings to try on the routes of deliveries, transfers, counts and lots."""

from __future__ import annotations

from collections.abc import Mapping

from tests.privacy.sensitivity.pharmacy import SECRET

WAREHOUSE: Mapping[str, list[str]] = {
    "/v1/inbound": ["limit=1", "status=partially_received"],
    "/v1/inbound/{inbound_id}": ["as_of={position}"],
    "/v1/incoming": [f"sku={SECRET}", "limit=1", "with_sensitive=true"],
    "/v1/transfers": ["limit=1", "to_location=BAK"],
    "/v1/transfers/{transfer_id}": ["as_of={position}"],
    "/v1/counts": ["limit=1", "location=BAK"],
    "/v1/counts/{count_id}": ["as_of={position}"],
    "/v1/lots": [f"sku={SECRET}", "limit=1", "with_sensitive=true", "empty=true"],
    "/v1/lots/{sku}/{lot}": ["as_of={position}"],
    "/v1/lots/{sku}/{lot}/orders": ["limit=1"],
    "/v1/serials": [f"sku={SECRET}", "limit=1", "order={order_id}", "with_sensitive=true"],
    "/v1/analytics/stock": ["group_by=sku", f"sku={SECRET}&with_sensitive=true"],
    "/v1/analytics/stock/values": [f"sku={SECRET}", "limit=1", "with_sensitive=true"],
}
