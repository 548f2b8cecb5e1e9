"""What the board shows: the journeys in flight by lane, exact counts, a page of rows each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import (
    CharField,
    Count,
    F,
    Prefetch,
    Q,
    QuerySet,
    Value,
    prefetch_related_objects,
)
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from dashboards.board_filter import BoardFilter
from dashboards.dear import Dear
from dashboards.queries_under_way import ON_THE_WAY, Group, at_risk, under_way
from dashboards.standing import LANES
from dashboards.usual import Usual, stuck_after
from slatrack.domain.states import Status, Verdict
from slatrack.gently import rests
from slatrack.tracking import deadline_rows
from slatrack.tracking.models import Flow, Forecast, Journey

FEW = {"missed": 15, "failed": 10, "due_soon": 25, "at_risk": 25, "on_track": 25, "done": 5}
PAGE = 100
JUST = timedelta(minutes=1)

_counts = Dear()


@dataclass(frozen=True, slots=True)
class Lane:
    """One lane: how many there are in all, and the rows shown of them."""

    name: str
    title: str
    count: int
    rows: list[Journey]
    page: int
    pages: int

    @property
    def more(self) -> int:
        """How many are not shown."""
        return self.count - len(self.rows)

    @property
    def before(self) -> int:
        """The number of the page before."""
        return self.page - 1

    @property
    def after(self) -> int:
        """The number of the page after."""
        return self.page + 1


def lanes(chosen: BoardFilter, usual: Usual, *, now: datetime) -> list[Lane]:
    """Return the lanes of the board that have rows, most urgent first, rows by time left."""
    journeys = _chosen(Journey.objects.all(), chosen, usual, now)
    on_way = journeys.filter(ended_at=None, status__in=ON_THE_WAY)
    # `~Q(ended_at=None)` is what SQLite knows its index by.
    just = journeys.filter(~Q(ended_at=None), ended_at__gte=now - JUST)
    which = lane_rules(now)
    if chosen.narrowed or chosen.at:
        counted = {name: Count("pk", filter=rule) for name, rule in which.items()}
        there: Mapping[str, int] = _counts.ask(
            ("on the way", chosen),
            lambda: on_way.filter(rests()).aggregate(**counted),
            lambda found: sum(found.values()),
        )
    else:
        there = _by_lane(under_way(now=now))
    done = 0
    if not (chosen.show or chosen.at):
        done = _counts.count(("done", chosen), just)
    counts = {**there, "done": done}
    shown: list[Lane] = []
    for name in [chosen.lane] if chosen.lane else LANES:
        if counts[name]:
            rows = just.order_by("-ended_at") if name == "done" else _by_due(on_way, which[name])
            shown.append(_lane(name, counts[name], rows, chosen))
    found = [row for lane in shown for row in lane.rows]
    risks = Prefetch("forecasts", Forecast.objects.filter(at_risk=True), to_attr="risks")
    prefetch_related_objects(found, risks)
    deadlines = deadline_rows.read([row.pk for row in found])
    for row in found:
        named = (one for one in deadlines.get(row.pk, ()) if one.name == row.deadline)
        row.shown = next(named, None)
    return shown


def lane_rules(now: datetime) -> Mapping[str, Q]:
    missed = Q(verdict=Verdict.MISSED.value)
    failed = Q(status=Status.FAILED.value)
    warned = Q(warn_at__isnull=False, warn_at__lte=now) & ~Q(verdict=Verdict.MET.value)
    risky = at_risk()
    return {
        "missed": missed,
        "failed": failed & ~missed,
        "due_soon": ~missed & ~failed & warned,
        "at_risk": ~missed & ~failed & ~warned & risky,
        "on_track": ~missed & ~failed & ~warned & ~risky,
    }


def _by_lane(groups: Iterable[Group]) -> Mapping[str, int]:
    """Count by lane as `lane_rules` has it."""
    counts = dict.fromkeys(FEW, 0)
    for one in groups:
        if one.status in ON_THE_WAY:
            counts[_lane_of(one)] += one.events
    return counts


def _lane_of(one: Group) -> str:
    if one.missed:
        return "missed"
    if one.status == Status.FAILED:
        return "failed"
    if one.warned and one.verdict != Verdict.MET:
        return "due_soon"
    return "at_risk" if one.risky else "on_track"


def _by_due(rows: QuerySet[Journey], rule: Q) -> QuerySet[Journey]:
    return rows.filter(rule).order_by(F("due_at").asc(nulls_last=True), "id")


def _lane(name: str, count: int, rows: QuerySet[Journey], chosen: BoardFilter) -> Lane:
    size = PAGE if chosen.lane else FEW[name]
    pages = max(1, -(-count // size)) if chosen.lane else 1
    page = min(chosen.page, pages)
    wanted = rows.select_related("flow").defer("parts", "flow__document")
    found = list(wanted[(page - 1) * size : page * size])
    known = max(count, (page - 1) * size + len(found))  # counts of very many are a little old
    return Lane(name, LANES[name], known, found, page, pages)


def _chosen(
    rows: QuerySet[Journey], chosen: BoardFilter, usual: Usual, now: datetime
) -> QuerySet[Journey]:
    if chosen.flow:
        # A sum, lest SQLite walk all history of the flow instead of what is in flight.
        flows = Flow.objects.filter(name=chosen.flow).values_list("pk", flat=True)
        rows = rows.annotate(of=F("flow_id") + Value(0)).filter(of__in=list(flows))
    if chosen.step:
        rows = rows.filter(step=chosen.step)
    if chosen.at:
        rows = rows.filter(working=chosen.at == "working", status=Status.IN_FLIGHT.value)
    if chosen.q:
        rows = rows.filter(key__icontains=chosen.q)
    if chosen.attribute:
        text = Cast(KeyTextTransform(chosen.attribute, "attributes"), CharField())
        rows = rows.annotate(wanted=text).filter(wanted=chosen.value)
    if chosen.show == "at_risk":
        which = lane_rules(now)
        rows = rows.filter(which["due_soon"] | which["at_risk"])
    if chosen.show == "stuck":
        rows = rows.filter(_stuck(usual, now))
    return rows


def _stuck(usual: Usual, now: datetime) -> Q:
    rule = Q(pk__in=[])
    for (flow, step, working), length in usual.items():
        since = now - stuck_after(length)
        rule |= Q(flow_id=flow, step=step, working=working, step_at__lt=since)
    return rule
