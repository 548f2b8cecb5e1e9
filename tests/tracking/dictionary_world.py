"""A small installation with enough rows to train dictionaries from."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from slatrack.bench.load import DOCUMENTS, Load
from slatrack.otlp.decoding import Decoder, Wanted
from slatrack.tracking import dictionary_samples, dictionary_training, flows
from slatrack.tracking.recorder import record

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
LOAD = Load(1600)  # 100 journeys, and as many spans that match nothing
JOURNEYS = 100


def small(monkeypatch):
    """Let a hundred samples do."""
    monkeypatch.setattr(dictionary_training, "ENOUGH", 50)
    monkeypatch.setattr(dictionary_training, "SIZE", 4096)
    monkeypatch.setattr(dictionary_samples, "MOST", 100)
    monkeypatch.setattr(dictionary_samples, "MOST_PARKED", 20)


def spans(load=LOAD):
    decoder, found = Decoder(Wanted(flows.current().wanted), NOW), []
    for one in load.records():
        decoder.read(one, "otlp_proto", found)
    return found


def recorded(load=LOAD):
    flows.save(DOCUMENTS, now=NOW - DAY)
    return record(spans(load), now=NOW)


def others():
    """Return a load of other events, which came a day later."""
    return replace(LOAD, seed=2, first=JOURNEYS, start=LOAD.start + 86_400 * 10**9)
