"""Products as the API answers them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from oms_ledger.domain.catalogue.events import Preorder
from oms_ledger.domain.catalogue.state import Product
from oms_ledger.domain.json_values import plain, rfc3339
from oms_ledger.domain.money import to_text
from oms_ledger.domain.units import UnitOfMeasure, in_unit
from oms_ledger.kernel import Json


def product_view(product: Product) -> dict[str, Json]:
    """The product as it was defined last. `ValueError` where it never was."""
    defined = product.defined
    if defined is None:
        raise ValueError("the first event of a product is ProductDefined")
    cost = defined.unit_cost
    return {
        "sku": defined.sku,
        "title": defined.title,
        "stocked": defined.stocked,
        "weight_g": defined.weight_g,
        "unit_cost": to_text(cost.minor, cost.currency) if cost else None,
        "currency": cost.currency if cost else None,
        "backorder_limit": defined.backorder_limit,
        "safety_stock": defined.safety_stock,
        "safety_stock_at": [plain(each) for each in defined.safety_stock_at],
        "preorder": preorder_terms_view(defined.preorder),
        "components": [plain(each) for each in defined.components],
        "sensitive": defined.sensitive,
        "category": defined.product_category,
        "unit_of_measure": unit_view(defined.unit),
        "version": product.version,
    }


def unit_view(unit: UnitOfMeasure | None) -> dict[str, Json] | None:
    return None if unit is None else {"code": unit.code, "decimals": unit.decimals}


def unit_from_view(view: Mapping[str, object] | None) -> UnitOfMeasure | None:
    """The unit that `unit_view` shows."""
    return None if view is None else UnitOfMeasure(str(view["code"]), cast(int, view["decimals"]))


def in_unit_view(unit: UnitOfMeasure | None, quantities: Mapping[str, int]) -> dict[str, Json]:
    """What an answer with these quantities, by name of their field, says besides where they are of
    a product with a unit of measure; nothing where they are not."""
    if unit is None:
        return {}
    texts: dict[str, Json] = {name: in_unit(n, unit) for name, n in quantities.items()}
    return {"unit_of_measure": unit_view(unit), "in_unit": texts}


def preorder_terms_view(preorder: Preorder | None) -> dict[str, Json] | None:
    if preorder is None:
        return None
    return {"available_at": rfc3339(preorder.available_at), "cap": preorder.cap}


def preorder_view(preorder: Preorder | None, preordered: int) -> dict[str, Json]:
    """`preordered` units of it were sold."""
    terms = preorder_terms_view(preorder) or {"available_at": None, "cap": None}
    return {**terms, "preordered": preordered}
