import pytest

from slatrack.domain.rules import State
from tests.domain.rules.examples import ask, at, session


@pytest.mark.parametrize(
    ("rule", "start", "due_at"),
    [
        (session("XNYS", "close"), "2026-06-15T20:00Z", "2026-06-16T20:00Z"),  # strictly after
        (session("XNYS", "close", search="at_or_after"), "2026-06-15T20:00Z", "2026-06-15T20:00Z"),
        (session("XNYS", "open"), "2026-06-15T13:29:59.999999Z", "2026-06-15T13:30Z"),
        (session("XNYS", "open", n=3), "2026-06-15T13:30Z", "2026-06-18T13:30Z"),
        (session("XNYS", "open", n=4), "2026-06-15T13:30Z", "2026-06-22T13:30Z"),  # Juneteenth
        (session("XNYS", "close", offset="-PT15M"), "2026-11-27T15:00Z", "2026-11-27T17:45Z"),
        (session("XTKS", "open"), "2026-06-15T02:45Z", "2026-06-16T00:00Z"),  # no open after lunch
        (session("XTKS", "close"), "2024-11-01T00:30Z", "2024-11-01T06:00Z"),
        (session("XTKS", "close"), "2024-11-05T00:30Z", "2024-11-05T06:30Z"),  # longer hours
        (session("XASX", "open"), "2026-04-03T20:00Z", "2026-04-07T00:00Z"),  # Easter, out of DST
    ],
)
def test_nth_open_or_close(rule, start, due_at):
    assert ask(rule, start).due_at == at(due_at)


def test_an_early_close_is_told():
    found = ask(session("XNYS", "close"), "2026-11-27T15:00Z")
    assert found.reasons == ("Fri 27 Nov closes early: Day after Thanksgiving Day",)


def test_past_the_horizon():
    assert ask(session("XETR", "open"), "2032-12-31T12:00Z").state is State.CANNOT_CALCULATE
