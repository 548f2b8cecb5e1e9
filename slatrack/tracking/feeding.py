"""Learning which topics feed which flow: a look a minute at some whole events of each flow.

Off the hot path. The services in an event's traces, matched by its flow or not, are what it takes
to know the event; where each speaks is noted as spans come in (slatrack.tracking.heard). An event
counts only if all telemetry was read to its end by then: else what is missing may be on its way.
"""

import logging
from datetime import datetime, timedelta
from itertools import chain, islice

from django.conf import settings
from django.db.models import F, Min, Q

from slatrack.otlp.decoding import Wanted
from slatrack.otlp.rereading import reread
from slatrack.tracking import flows as flows_in_force
from slatrack.tracking import models, span_blocks
from slatrack.tracking.evidence import Evidence, find
from slatrack.tracking.flows import Flows
from slatrack.tracking.models import FlowFeed, TopicRead
from slatrack.tracking.sources import UNREAD, live

logger = logging.getLogger(__name__)

EVERY = timedelta(seconds=50)  # a look that comes sooner is a repetition
FRESH = timedelta(seconds=30)  # a topic that is less behind was read to its end
SETTLED = timedelta(seconds=60)  # after its end, so that its last spans are there
BACK = timedelta(hours=1)  # how far a look reaches
SAMPLE = 20  # events of each flow and look
MOST_SPANS = 20_000  # of a look at one flow
MOST_SERVICES = 500  # of one flow
KEPT = timedelta(days=90)  # after a service was last found


def learn(*, now: datetime) -> None:
    """Look once; to be called once a minute. A flow that fails stops no other."""
    fresh = _look_at_topics(now)
    flows = flows_in_force.current()
    for name in flows.flows:
        try:
            _learn(name, flows, counts=fresh, now=now)
        except Exception:
            logger.exception("it could not be learnt where the spans of flow %r come from", name)


def _look_at_topics(now: datetime) -> bool:
    """Count a look for each topic that is read to its end; whether all of them are."""
    rows = live(now).filter(partition__gte=0).values_list("topic").annotate(at=Min("watermark_at"))
    unread = live(now).filter(watermark_at=None, partition__gte=0).values_list("topic", flat=True)
    found = {topic: at or UNREAD for topic, at in rows} | dict.fromkeys(unread, UNREAD)
    fresh = [topic for topic, at in found.items() if at >= now - FRESH]
    TopicRead.objects.exclude(topic__in=found).delete()
    for topic in found:
        TopicRead.objects.get_or_create(topic=topic, defaults={"at": now - EVERY})
    due = TopicRead.objects.filter(topic__in=fresh, at__lte=now - EVERY)
    due.update(looks=F("looks") + 1, at=now)
    held = live(now).filter(Q(watermark_at=None) | Q(watermark_at__lt=now - FRESH))
    return len(fresh) == len(found) and not held.exists()


def _learn(name: str, flows: Flows, *, counts: bool, now: datetime) -> None:
    feed, version = _feed(flows.ids[name], now)
    if feed.version != version:  # another document: which services it needs is to be seen
        feed.version, feed.events = version, 0
    begin, end = max(feed.learnt_to, now - BACK), now - SETTLED
    rows = models.Journey.objects.filter(~Q(ended_at=None), flow=feed.flow_id)
    chosen = rows.filter(ended_at__gt=begin, ended_at__lte=end).order_by("-ended_at")[:SAMPLE]
    ended = list(chosen.values_list("key", "complete"))
    _note(feed, services_of([key for key, _ in ended], name, flows, now=now), now)
    if counts:
        feed.events += sum(whole for _, whole in ended)
    feed.learnt_to = max(begin, end)
    feed.save()


def _feed(flow_id: int, now: datetime) -> tuple[FlowFeed, int]:
    version = models.Flow.objects.values_list("version", flat=True).get(id=flow_id)
    defaults = {"version": version, "learnt_to": now - BACK}
    return FlowFeed.objects.get_or_create(flow_id=flow_id, defaults=defaults)[0], version


def _note(feed: FlowFeed, found: set[str], now: datetime) -> None:
    at = int(now.timestamp())
    kept = {
        name: seen for name, seen in feed.services.items() if seen > at - KEPT.total_seconds()
    } | dict.fromkeys(found, at)
    feed.whole = len(kept) <= MOST_SERVICES
    feed.services = dict(islice(sorted(kept.items()), MOST_SERVICES))


def services_of(keys: list[str], flow: str, flows: Flows, *, now: datetime) -> set[str]:
    """Return the services of the spans in the traces of some events."""
    known = [one for key in keys if (one := find(flow, key, flows))]
    traces = chain.from_iterable(Evidence(one).traces.items() for one in known)
    blocks = {trace_id: stored.blocks for trace_id, stored in traces}
    stored = islice(span_blocks.load(blocks), MOST_SPANS)
    wanted = Wanted(namings=settings.SLATRACK.namings)
    return {span.service for span in reread(stored, wanted=wanted, now=now)}
