"""The examples of deliveries, transfers, counts and lots, sent one after another."""

from __future__ import annotations

from tests.http.example_client import ExampleClient
from tests.http.examples import order


def warehoused(client: ExampleClient) -> None:
    """Deliveries, transfers and counts that end in each way; units apart; a lot and a serial
    number."""
    client.do("ChangeStockState")
    inbound_id = client.do("CreateInbound")["inbound_id"]
    after = client.do("ReceiveInbound", inbound_id=inbound_id)["position"]
    seen = client.see("get_inbound", after, inbound_id=inbound_id)
    assert (seen["status"], seen["lines"][0]["awaited"]) == ("partially_received", 80)
    (expected,) = client.see("list_incoming", after)["items"]
    assert (expected["source"], expected["quantity"]) == (inbound_id, 80)
    assert client.do("CloseInbound", inbound_id=inbound_id)["status"] == "closed"
    other = client.do("CreateInbound")["inbound_id"]
    after = client.do("CancelInbound", inbound_id=other)["position"]
    assert [each["status"] for each in client.see("list_inbound", after)["items"]] == [
        "cancelled",
        "closed",
    ]
    transfer_id = client.do("CreateTransfer")["transfer_id"]
    assert client.do("ShipTransfer", transfer_id=transfer_id)["status"] == "in_transit"
    after = client.do("ReceiveTransfer", transfer_id=transfer_id)["position"]
    seen = client.see("get_transfer", after, transfer_id=transfer_id)
    line = seen["lines"][0]
    assert (seen["status"], line["damaged"], line["lost"]) == ("closed", 1, 1)
    other = client.do("CreateTransfer")["transfer_id"]
    client.do("CancelTransfer", transfer_id=other)
    other = client.do("CreateTransfer")["transfer_id"]
    client.do("ShipTransfer", transfer_id=other)
    after = client.do("CloseTransfer", transfer_id=other)["position"]
    assert len(client.see("list_transfers", after)["items"]) == 3
    count_id = client.do("CreateCount")["count_id"]
    client.do("RecordCount", count_id=count_id)
    after = client.do("CancelCount", count_id=count_id)["position"]
    assert client.see("get_count", after, count_id=count_id)["status"] == "cancelled"
    count_id = client.do("CreateCount")["count_id"]
    on_hand = client.see("get_stock", after, sku="85123A")["locations"][0]["on_hand"]
    body = {"lines": [{"sku": "85123A", "counted": on_hand + 2}]}
    client.do("RecordCount", count_id=count_id, body=body)
    after = client.do("ApproveCount", count_id=count_id)["position"]
    assert client.see("stock_values", after)["items"][0]["sku"] == "85123A"
    assert client.see("stock_figures", after)["counts"]["counts"] == 1
    assert client.see("list_counts", after)["items"][0]["status"] == "approved"
    recalled = client.do("PutLot", sku="85123A", lot="L-77")
    assert recalled["locations"][0]["sellable"] == 0
    client.do("ExpireLot", sku="85123A", lot="L-77")
    client.do("PutLot", sku="85123A", lot="L-77", body={"status": "approved"})
    _trace(client)


def _trace(client: ExampleClient) -> None:
    """Units of a lot, one with a serial number, leave with an order."""
    placed = client.do("PlaceOrder", body=order(2, "85123A", confirm=True))
    made = client.do("CreateShipment", body={"location": "LON"}, order_id=placed["order_id"])
    serials = [{"line_id": "1", "serials": ["N-1"]}]
    sent = client.do("DispatchShipment", body={"serials": serials}, shipment_id=made["shipment_id"])
    after = sent["position"]
    assert client.see("list_lots", after)["items"][0]["lot"] == "L-77"
    assert client.see("get_lot", after, sku="85123A", lot="L-77")["status"] == "approved"
    (got,) = client.see("orders_of_lot", after, sku="85123A", lot="L-77")["items"]
    assert (got["order_id"], got["quantity"]) == (placed["order_id"], 2)
    (unit,) = client.see("list_serials", after)["items"]
    assert (unit["serial"], unit["order_id"]) == ("N-1", placed["order_id"])
