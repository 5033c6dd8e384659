"""A sample shop and 60 days of its orders: Fern & Kettle, things for home and garden.

Pure: the same day gives the same shop, to the last scan. Shop and customers are fictitious.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

DAYS = 60
ORDERS = 300
BUSY = 50
BUSY_DAYS = 4
SEED = 20
CHANNELS = ("web", "marketplace")


Kind = Literal["warehouse", "store"]


class ShopLocation(NamedTuple):
    """A location of the shop; `kind` and `priority` as in `PutLocation`."""

    code: str
    name: str
    kind: Kind
    priority: int
    city: str
    postal_code: str


class Good(NamedTuple):
    """A product. `price` and `cost` are pence, `weight` grams, `stock` the opening units at each
    location, in the order of `LOCATIONS`."""

    sku: str
    title: str
    price: int
    cost: int
    weight: int
    stock: tuple[int, int, int]


LOCATIONS = (
    ShopLocation("LEEDS", "Leeds warehouse", "warehouse", 1, "Leeds", "LS11 5AB"),
    ShopLocation("BRISTOL", "Bristol warehouse", "warehouse", 2, "Bristol", "BS2 0QQ"),
    ShopLocation("YORK", "Stonegate shop", "store", 3, "York", "YO1 8ZZ"),
)

GOODS = (
    Good("KETTLE-GRN", "Enamel kettle, fern green", 3400, 1450, 1250, (60, 30, 6)),
    Good("KETTLE-CRM", "Enamel kettle, cream", 3400, 1450, 1250, (40, 30, 6)),
    Good("TEAPOT-2", "Stoneware teapot for two", 2650, 1100, 900, (50, 20, 8)),
    Good("MUG-SPECK", "Speckled mug", 1150, 380, 340, (120, 60, 20)),
    Good("MUG-MOSS", "Moss mug", 1150, 380, 340, (90, 60, 20)),
    Good("BOWL-RAMEN", "Deep noodle bowl", 1600, 610, 620, (60, 40, 0)),
    Good("TOWEL-LIN", "Linen tea towel, set of three", 1800, 640, 260, (80, 40, 12)),
    Good("APRON-IND", "Indigo apron", 2900, 1080, 380, (0, 0, 48)),
    Good("BOARD-OAK", "Oak chopping board", 3950, 1700, 1600, (20, 30, 4)),
    Good("SPOON-OLV", "Olive wood spoon", 750, 210, 60, (120, 50, 15)),
    Good("JAR-CORK", "Storage jar with cork lid", 1350, 480, 540, (70, 30, 8)),
    Good("CANDLE-FIG", "Candle, fig leaf", 1900, 620, 420, (80, 40, 16)),
    Good("CANDLE-RAIN", "Candle, summer rain", 1900, 620, 420, (60, 40, 12)),
    Good("SOAP-NETTLE", "Nettle soap", 550, 140, 110, (140, 60, 30)),
    Good("BLANKET-WL", "Wool blanket, heather", 8900, 4100, 1500, (20, 14, 3)),
    Good("CUSHION-BOT", "Botanical cushion", 3200, 1250, 560, (0, 0, 52)),
    Good("LAMP-CLAY", "Clay bedside lamp", 5400, 2300, 1900, (0, 40, 3)),
    Good("CLOCK-BRS", "Brass wall clock", 6200, 2700, 1100, (16, 14, 2)),
    Good("TROWEL-CU", "Copper garden trowel", 2400, 900, 330, (60, 30, 8)),
    Good("GLOVES-GDN", "Gardening gloves", 1450, 470, 120, (70, 30, 8)),
    Good("SEEDS-MEAD", "Meadow seeds", 420, 90, 20, (200, 90, 40)),
    Good("CAN-ZINC", "Zinc watering can", 2800, 1150, 1100, (0, 50, 5)),
    Good("BIRDBOX", "Cedar bird box", 2250, 830, 800, (50, 30, 5)),
    Good("LANTERN-S", "Storm lantern", 3100, 1300, 1000, (9, 4, 2)),
    Good("VASE-TIDE", "Tidewater vase", 4200, 1750, 1350, (6, 5, 2)),
)
SCARCE = ("LANTERN-S", "VASE-TIDE")
"""Sold beyond their stock towards the end, so that orders are backordered."""
NOT_IN_LEEDS = ("LAMP-CLAY", "CAN-ZINC", "APRON-IND", "CUSHION-BOT")
"""An order of one of these and a product that Leeds has is split over two locations."""

FIRST_NAMES = (
    "Ada Bertie Clementine Dorian Elspeth Fergus Greta Hamish Imogen Jasper Kezia Lorcan Marnie"
    " Niall Ottilie Piers Quilla Rufus Saskia Tobias Una Vaughan Winnie Xanthe Yorick Zelda"
)
LAST_NAMES = (
    "Ashdown Birchwood Copperfield Dunmore Elderflower Fennimore Greenhalgh Hollowell Ivesdale"
    " Juniper Kettleworth Larkspur Marlowe Nettleship Oakenshaw Pemberley Quillfeather Rosethorn"
    " Silverdale Thistlewood Underhill Vale Wintermoor Yarrow"
)
TOWNS = (
    ("Leeds", "LS1 4DL"),
    ("Bristol", "BS1 5TR"),
    ("York", "YO1 7HH"),
    ("Cardiff", "CF10 1EP"),
    ("Edinburgh", "EH1 1YZ"),
    ("Norwich", "NR2 1TF"),
    ("Exeter", "EX1 1HS"),
    ("Kendal", "LA9 4DQ"),
)
STREETS = ("Rope Walk", "Mill Lane", "Castle Street", "Orchard Row", "Station Road", "Quay Side")

FATES = (
    ("cancelled", 4),
    ("partly_cancelled", 4),
    ("overdue", 6),
    ("exception", 5),
    ("partial", 4),
    ("checked", 3),
    ("repacked", 2),
    ("returned", 5),
    ("slow", 5),
    ("usual", 62),
)
"""The course of an order, and how many of a hundred orders take it. Overdue: not packed in time.
Checked: held for a while. Partial: sent in two parcels. Exception: delayed by the carrier."""

NEEDS_TWO = ("partly_cancelled", "partial")
RECENT = timedelta(hours=30)
RECENT_FATES = (*["usual"] * 5, "held", "unconfirmed", "scheduled")
"""Scheduled: not to be shipped before a day to come."""
OVERDUE_AGE_MAX = timedelta(days=10)
"""Orders that are overdue at the end were placed at most so long before."""


class Delivery(NamedTuple):
    """A delivery by a supplier, so long before the end of the 60 days."""

    before: timedelta
    sku: str
    location: str
    quantity: int


DELIVERIES = (
    Delivery(timedelta(days=33, hours=14), "MUG-SPECK", "LEEDS", 60),
    Delivery(timedelta(days=19, hours=15), "SOAP-NETTLE", "LEEDS", 80),
    Delivery(timedelta(days=11, hours=13), "KETTLE-GRN", "BRISTOL", 24),
    Delivery(timedelta(days=3, hours=15), "LANTERN-S", "LEEDS", 9),
    Delivery(timedelta(days=2, hours=14), "VASE-TIDE", "BRISTOL", 4),
)
"""Backordered units wait for the last two."""


class ShopCustomer(NamedTuple):
    """A fictitious customer."""

    id: str
    name: str
    email: str
    street: str
    city: str
    postal_code: str


@dataclass(frozen=True, slots=True)
class Story:
    """One order and its course. A time after the end of the 60 days has not come: its step does not
    happen."""

    number: int
    channel: str
    placed_at: datetime
    customer: ShopCustomer
    lines: tuple[tuple[Good, int], ...]
    express: bool
    fate: str
    confirmed_at: datetime
    packed_at: datetime
    shipped_at: datetime
    delivered_at: datetime

    @property
    def external_id(self) -> str:
        prefix = "FK" if self.channel == "web" else "MP"
        return f"{prefix}-{10_000 + self.number}"


def stories(until: datetime) -> list[Story]:
    """All orders of the 60 days before `until` (UTC), oldest first."""
    chance = random.Random(SEED)  # noqa: S311  # a shop, not a secret
    customers = [_customer(chance, number) for number in range(1, 141)]
    return [
        _story(chance, number, placed_at, customers, until)
        for number, placed_at in enumerate(_placements(chance, until), 1)
    ]


def _placements(chance: random.Random, until: datetime) -> list[datetime]:
    """A growing shop with a busy last week; no order in the last twenty minutes."""
    length = timedelta(days=DAYS) - timedelta(minutes=20)
    steady = [chance.random() ** 0.75 for _ in range(ORDERS - BUSY)]
    busy = [1 - chance.random() * BUSY_DAYS / DAYS for _ in range(BUSY)]
    start = until - timedelta(days=DAYS)
    return [(start + moment * length).replace(microsecond=0) for moment in sorted(steady + busy)]


def _story(
    chance: random.Random,
    number: int,
    placed_at: datetime,
    customers: Sequence[ShopCustomer],
    until: datetime,
) -> Story:
    age = until - placed_at
    fate = _fate(chance, age)
    express = chance.random() < 0.2
    confirmed_at = placed_at + timedelta(minutes=chance.randint(2, 50))
    packed_at = confirmed_at + timedelta(hours=chance.uniform(2, 10 if express else 20))
    if fate == "slow":
        packed_at += timedelta(days=chance.uniform(2, 4))
    if fate == "overdue":
        packed_at = until + timedelta(days=1)
    shipped_at = packed_at + timedelta(hours=chance.uniform(1, 9))
    transit = chance.uniform(14, 26) if express else chance.uniform(22, 70)
    if fate == "exception":
        transit += chance.uniform(30, 90)
    return Story(
        number=number,
        channel=chance.choices(CHANNELS, (65, 35))[0],
        placed_at=placed_at,
        customer=chance.choice(customers),
        lines=_basket(chance, age, least=2 if fate in NEEDS_TWO else 1),
        express=express,
        fate=fate,
        confirmed_at=confirmed_at,
        packed_at=packed_at,
        shipped_at=shipped_at,
        delivered_at=shipped_at + timedelta(hours=transit),
    )


def _fate(chance: random.Random, age: timedelta) -> str:
    fate = chance.choices([f for f, _ in FATES], [weight for _, weight in FATES])[0]
    if age < RECENT and fate != "cancelled":
        return chance.choice(RECENT_FATES)
    return "usual" if fate == "overdue" and age > OVERDUE_AGE_MAX else fate


def _basket(chance: random.Random, age: timedelta, least: int) -> tuple[tuple[Good, int], ...]:
    """Goods and units of an order. Its first line has at least `least` units."""
    plenty = [good for good in GOODS if good.sku not in SCARCE]
    count = chance.choices((1, 2, 3, 4), (45, 30, 17, 8))[0]
    goods = list(dict.fromkeys(chance.choices(plenty, [sum(g.stock) for g in plenty], k=count)))
    if age < timedelta(days=12) and chance.random() < 0.3:
        goods[0] = chance.choice([good for good in GOODS if good.sku in SCARCE])
    units = [chance.choices((1, 2, 3, 6), (62, 24, 10, 4))[0] for _ in goods]
    units[0] = max(units[0], least)
    return tuple(zip(goods, units, strict=True))


def _customer(chance: random.Random, number: int) -> ShopCustomer:
    first, last = chance.choice(FIRST_NAMES.split()), chance.choice(LAST_NAMES.split())
    city, postal_code = chance.choice(TOWNS)
    return ShopCustomer(
        id=f"C{1000 + number}",
        name=f"{first} {last}",
        email=f"{first}.{last}{number}@example.org".lower(),
        street=f"{chance.randint(1, 99)} {chance.choice(STREETS)}",
        city=city,
        postal_code=postal_code,
    )
