"""A read model that is added to a ledger with a past sees all of it."""

from __future__ import annotations

from oms_ledger.domain.stock.events import StockReceived
from oms_ledger.engine.project.projector import Projector
from tests.engine.project.log import Log, expected, history, stored
from tests.engine.project.tallies import TALLIES
from tests.engine.rebuild.arrivals import ARRIVALS
from tests.engine.rebuild.tools import ReadModelTools, open_readers
from tests.resilience.followers import running
from tests.resilience.hostile import wait_until


def test_a_read_model_added_while_others_are_followed_sees_all_of_history(
    log: Log, tools: ReadModelTools
) -> None:
    """Not before it is there, and then, position by position, what the log says."""
    log.append(*history(200))
    later = ReadModelTools(log.database, TALLIES, ARRIVALS)
    with running(Projector(log.database.connect_projector, [TALLIES])):
        tools.fold_live(200)
        later.install()
        with running(Projector(log.database.connect_projector, [ARRIVALS], page_events=30)):
            for _ in range(5):
                log.append(*history(50))
            wait_until(lambda: [b.position for b in later.builds(ARRIVALS.name)] == [450])
        tools.fold_live(450)
    with (
        open_readers(log.database, ARRIVALS) as readers,
        readers.open(ARRIVALS.name) as (reader, at),
    ):
        (row,) = reader.rows("all")
    arrived = [r.event for r in log.events[:at] if isinstance(r.event, StockReceived)]
    assert at == 450
    assert row == {
        "place": "A",
        "deliveries": len(arrived),
        "units": sum(event.quantity for event in arrived),
    }
    assert stored(log.database) == expected(log.events)
