import pytest

from slatrack.demo import authorities, faults
from slatrack.demo.authorities import Holds, authority
from slatrack.demo.lines import PAYMENTS, REPORTS, TRADES
from tests.demo.calls import call


def test_one_delivery_of_trades_is_held_now_and_then():
    holds = Holds(first=10, every=100, lasting=24, started=1000)
    moments = [1009, 1010, 1011, 1109, 1115, 1116, 1211]
    held = [holds.seconds(TRADES, now=now) for now in moments]
    assert held == [0, 24, 0, 0, 24, 0, 24]


@pytest.mark.parametrize("line", [PAYMENTS, REPORTS], ids=lambda line: line.flow)
def test_nothing_else_is_held(line):
    assert Holds(first=0, started=0).seconds(line, now=1e6) == 0


async def test_each_event_gets_a_receipt():
    app = authority("regulator", Holds(first=float("inf")))
    events = [{"trade.id": "T-1"}, {"trade.id": "T-2"}]
    status, answer = await call(app, "PUT", TRADES.address, {"events": events})
    assert status == 200
    assert [one["key"] for one in answer["acknowledged"]] == ["T-1", "T-2"]
    assert all(one["receipt"].startswith("R-") for one in answer["acknowledged"])


async def test_a_held_delivery_is_released_at_the_end():
    holds = Holds(first=0, lasting=3600, started=0)
    holds.released.set()
    app = authority("regulator", holds)
    status, _ = await call(app, "PUT", TRADES.address, {"events": [{"trade.id": "T-1"}]})
    assert (status, holds.taken) == (200, 1)


async def test_the_fault_slows_trades_down(monkeypatch):
    naps = []

    async def nap(seconds: float) -> None:
        naps.append(seconds)
        faults.set_active("slow_sink", on=False)

    monkeypatch.setattr(authorities.asyncio, "sleep", nap)
    faults.set_active("slow_sink", on=True)
    app = authority("regulator", Holds(first=float("inf")))
    status, _ = await call(app, "PUT", TRADES.address, {"events": [{"trade.id": "T-1"}]})
    assert status == 200
    assert naps
