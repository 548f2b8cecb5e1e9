"""Celery's side of tracking: only here is the clock read. Every task is safe to repeat."""

from django.utils import timezone

from slatrack.celery import app
from slatrack.tracking import (
    almanacs,
    backtesting,
    closures,
    dictionary_training,
    discovering,
    drifting,
    feeding,
    housekeeping,
    log_keeping,
    rematching,
    shadowing,
)
from slatrack.tracking.discovery_models import Discovery, Rematch

LONGEST = 1_800  # seconds of matching a full hour of parked spans again


@app.task(name=discovering.TASK, ignore_result=True)  # type: ignore[untyped-decorator]
def discover(row_id: int) -> None:
    """Look at parked spans for flows."""
    if row := Discovery.objects.filter(id=row_id).first():
        discovering.look(row, clock=timezone.now)


@app.task(name=rematching.TASK, ignore_result=True, time_limit=LONGEST)  # type: ignore[untyped-decorator]
def match_parked(row_id: int) -> None:
    """Match parked spans again."""
    if row := Rematch.objects.filter(id=row_id).first():
        rematching.carry_out(row, clock=timezone.now)


@app.task(name=backtesting.TASK, ignore_result=True)  # type: ignore[untyped-decorator]
def backtest(row_id: int) -> None:
    """Try a deadline over history for some seconds; then others have their turn."""
    if backtesting.carry_on(row_id, clock=timezone.now):
        backtesting.send(row_id)
    elif (waiting := backtesting.next_waiting()) is not None and waiting != row_id:
        backtesting.send(waiting)


@app.task(name="tracking.tend_backtests", ignore_result=True, expires=10)  # type: ignore[untyped-decorator]
def tend_backtests() -> None:
    """See to backtests that nobody works on; run by beat."""
    backtesting.tend(now=timezone.now())


@app.task(name="tracking.look_at_shadows", ignore_result=True, expires=10)  # type: ignore[untyped-decorator]
def look_at_shadows() -> None:
    """Let shadows judge what has come in; run by beat."""
    shadowing.look_at_all(now=timezone.now())


@app.task(name="tracking.look_around", ignore_result=True, expires=240)  # type: ignore[untyped-decorator]
def look_around() -> None:
    """Look for new flows, and for what has become of those there are; run by beat."""
    if discovering.is_due(now=timezone.now()):
        discovering.look_now(clock=timezone.now)
    drifting.look_at_all(now=timezone.now())


@app.task(name="tracking.keep_house", ignore_result=True, expires=50)  # type: ignore[untyped-decorator]
def keep_house() -> None:
    """Let go of what has been kept for long enough, learn where spans come from; run by beat."""
    now = timezone.now()
    housekeeping.expire_parked(now=now)
    housekeeping.expire_scores()
    almanacs.keep(closures.calendars())  # the row may have gone with a transaction that failed
    log_keeping.expire_logs(now=now)
    feeding.learn(now=now)
    dictionary_training.tend(now=now)
