"""The few words everything is built from: events, states, commands, read models, queries.

Pure and free of drivers. The engine receives commands and read models as values of these
types; neither knows the other, and none of them knows PostgreSQL or HTTP.
"""

from oms_ledger.kernel.commands import Change, Command, Context, Json, Route
from oms_ledger.kernel.effects import Effect
from oms_ledger.kernel.events import Event, Meta, Position, Recorded
from oms_ledger.kernel.log import AT_ONCE, Log, all_events, events_of
from oms_ledger.kernel.policies import Policy
from oms_ledger.kernel.queries import Lookup, PreparedAnswer, Query, Reader, Rows, Selection
from oms_ledger.kernel.read_models import Page, R, ReadModel, Row, RowKey
from oms_ledger.kernel.records import Record, field_names
from oms_ledger.kernel.states import Given, KeyGroup, Ref, S, State, stream_id

__all__ = [
    "AT_ONCE",
    "Change",
    "Command",
    "Context",
    "Effect",
    "Event",
    "Given",
    "Json",
    "KeyGroup",
    "Log",
    "Lookup",
    "Meta",
    "Page",
    "Policy",
    "Position",
    "PreparedAnswer",
    "Query",
    "R",
    "ReadModel",
    "Reader",
    "Record",
    "Recorded",
    "Ref",
    "Route",
    "Row",
    "RowKey",
    "Rows",
    "S",
    "Selection",
    "State",
    "all_events",
    "events_of",
    "field_names",
    "stream_id",
]
