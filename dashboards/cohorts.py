"""Cohorts: two sets of a flow's events to compare, as an address names them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from django.db.models import CharField, Exists, OuterRef, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.utils import timezone

from slatrack.domain.states import Verdict
from slatrack.tracking import kept_deadlines
from slatrack.tracking.models import Deadline, Flow, Journey


class By(StrEnum):
    """What tells the two cohorts apart."""

    LATE = "late"
    SLOW = "slow"
    TIME = "time"
    ATTRIBUTE = "attribute"
    VERSION = "version"


@dataclass(frozen=True)
class Question:
    """What is compared. Of `a` and `b` each kind has its own use; an empty `b` is the rest."""

    by: By = By.LATE
    since: datetime | None = None
    deadline: str = ""  # late for which, version of which; empty: any
    name: str = ""  # of an attribute
    a: str = ""
    b: str = ""
    a_from: datetime | None = None
    a_to: datetime | None = None
    b_from: datetime | None = None
    b_to: datetime | None = None
    problems: Mapping[str, str] = field(default_factory=dict)  # by field


@dataclass(frozen=True)
class Cohort:
    """Some events of a flow, and what they are called."""

    name: str
    rows: QuerySet[Journey]


def asked(data: Mapping[str, str], *, since: datetime) -> Question:
    """Return the question that the parameters of an address ask; problems stand in it."""
    problems: dict[str, str] = {}
    by = data.get("by") or By.LATE
    if by not in list(By):
        problems["by"] = f"must be one of {', '.join(By)}"
        by = By.LATE
    times = {name: _time(data, name, problems) for name in ("a_from", "a_to", "b_from", "b_to")}
    words = {name: (data.get(name) or "").strip() for name in ("deadline", "name", "a", "b")}
    question = Question(By(by), since, problems=problems, **words, **times)  # type: ignore[arg-type]
    problems |= _missing(question) | problems
    return question


def _time(data: Mapping[str, str], name: str, problems: dict[str, str]) -> datetime | None:
    text = (data.get(name) or "").strip()
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        problems[name] = "no time: write e.g. 2026-11-23T10:00"
        return None
    return at if at.tzinfo else timezone.make_aware(at)


def _missing(question: Question) -> dict[str, str]:
    if question.by is By.ATTRIBUTE and not question.name:
        return {"name": "name the attribute to compare by"}
    if question.by is By.ATTRIBUTE and not question.a:
        return {"a": "say which value"}
    if question.by is By.TIME and question.a_from is None:
        return {"a_from": "say when the first cohort begins, e.g. when the deploy was"}
    if question.by is not By.VERSION:
        return {}
    found = {} if question.deadline else {"deadline": "say of which deadline"}
    wrong = {n: "must be a number" for n in ("a", "b") if not _version(getattr(question, n), n)}
    return found | wrong


def _version(text: str, name: str) -> bool:
    return text.isdecimal() and len(text) < 9 if text or name == "a" else True


def cohorts(flow: Flow, question: Question) -> tuple[Cohort, Cohort]:
    """Return the two cohorts of a question without problems, the first as it is asked about.

    Those of `slow` are one here: only their times tell them apart.
    """
    rows = Journey.objects.filter(flow=flow)
    if question.by is By.TIME:
        return _by_time(rows, question)
    rows = rows.filter(started_at__gte=question.since) if question.since else rows
    if question.by is By.SLOW:
        ended = rows.filter(ended_at__isnull=False)
        return Cohort("the slowest tenth", ended), Cohort("the rest", ended)
    if question.by is By.ATTRIBUTE:
        return _by_attribute(rows, question)
    if question.by is By.VERSION:
        return _by_version(rows, question)
    return _by_lateness(rows, question)


def _by_lateness(rows: QuerySet[Journey], question: Question) -> tuple[Cohort, Cohort]:
    """Those that missed, and those that kept their deadlines; others are not known yet."""
    name = f"late for {question.deadline}" if question.deadline else "the late ones"
    if not question.deadline:
        late, kept = Q(verdict=Verdict.MISSED.value), Q(verdict=Verdict.MET.value)
        return Cohort(name, rows.filter(late)), Cohort("those on time", rows.filter(kept))
    mine = Deadline.objects.filter(journey=OuterRef("pk"), name=question.deadline)
    late_rows = rows.filter(Exists(mine.filter(verdict=Verdict.MISSED.value)))
    kept = Q(kept_terms__in=[terms for terms, _ in kept_deadlines.naming(question.deadline)])
    kept_rows = rows.filter(kept | Exists(mine.filter(verdict=Verdict.MET.value)))
    return Cohort(name, late_rows), Cohort("those on time", kept_rows)


def _by_time(rows: QuerySet[Journey], question: Question) -> tuple[Cohort, Cohort]:
    """Two ranges; where the second has no end it ends where the first begins."""
    after = _between(rows, question.a_from, question.a_to)
    until = question.b_to or question.a_from
    begin = question.b_from or question.since
    return Cohort("after", after), Cohort("before", _between(rows, begin, until))


def _between(
    rows: QuerySet[Journey], begin: datetime | None, end: datetime | None
) -> QuerySet[Journey]:
    rows = rows.filter(started_at__gte=begin) if begin else rows
    return rows.filter(started_at__lt=end) if end else rows


def _by_attribute(rows: QuerySet[Journey], question: Question) -> tuple[Cohort, Cohort]:
    text = Cast(KeyTextTransform(question.name, "attributes"), CharField())
    rows = rows.annotate(asked=text)
    first = Cohort(f"{question.name} {question.a}", rows.filter(asked=question.a))
    if question.b:
        return first, Cohort(f"{question.name} {question.b}", rows.filter(asked=question.b))
    rest = rows.filter(Q(asked__isnull=True) | ~Q(asked=question.a))
    return first, Cohort("the rest", rest)


def _by_version(rows: QuerySet[Journey], question: Question) -> tuple[Cohort, Cohort]:
    mine = Deadline.objects.filter(journey=OuterRef("pk"), name=question.deadline)
    kept = kept_deadlines.naming(question.deadline)

    def having(versions: Q, chosen: Callable[[int], bool]) -> QuerySet[Journey]:
        terms = [row_id for row_id, version in kept if chosen(version)]
        return rows.filter(Q(kept_terms__in=terms) | Exists(mine.filter(versions)))

    first = int(question.a)
    ours = Cohort(f"version {first}", having(Q(version=first), lambda one: one == first))
    if not question.b:
        others = having(~Q(version=first), lambda one: one != first)
        return ours, Cohort("other versions", others)
    second = int(question.b)
    return ours, Cohort(f"version {second}", having(Q(version=second), lambda one: one == second))
