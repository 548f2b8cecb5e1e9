"""The real Java world: Kafka Connect and Kafka Streams under the OpenTelemetry Java agent.

A file, line by line: source connector -> PipeDemo -> sink connector, both connectors in one worker,
their spans straight into slatrack's receiver. However the agent is set, each line is one journey.
"""

import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from slatrack.tracking import flows, reading
from slatrack.tracking.models import Journey
from tests.java_captures import COUNTS, FLOW
from tests.servers import java
from tests.servers.process import Missing
from tests.servers.receiver import receiving

pytestmark = pytest.mark.servers
LINES = 20
PATIENCE = 180  # seconds; every wait ends as soon as what it waits for is there
TOPICS = ("streams-plaintext-input", "streams-pipe-output", "streams-wordcount-output")
FILE = "org.apache.kafka.connect.file.FileStream{}Connector"
MADE_KEYS = {  # the line becomes the message's key: four transformations in the worker
    "transforms": "hoist,key,keytext,text",
    "transforms.hoist.type": "org.apache.kafka.connect.transforms.HoistField$Value",
    "transforms.hoist.field": "line",
    "transforms.key.type": "org.apache.kafka.connect.transforms.ValueToKey",
    "transforms.key.fields": "line",
    "transforms.keytext.type": "org.apache.kafka.connect.transforms.ExtractField$Key",
    "transforms.keytext.field": "line",
    "transforms.text.type": "org.apache.kafka.connect.transforms.ExtractField$Value",
    "transforms.text.field": "line",
}


@pytest.fixture
def receiver(transactional_db):
    with receiving() as address:
        yield address


@pytest.fixture
def place(own_brokers, tmp_path):
    """A folder, and a Kafka of its own, where no group waits for a member that has gone: 45 s."""
    try:
        java.check_installed()
    except Missing as missing:
        pytest.skip(str(missing))
    admin = AdminClient({"bootstrap.servers": own_brokers})
    for made in admin.create_topics([NewTopic(name, 3, 1) for name in TOPICS]).values():
        made.result(60)
    return tmp_path


@pytest.mark.parametrize("mode", java.MODES)
def test_each_line_is_one_whole_journey(mode, own_brokers, place, receiver):
    flows.save(FLOW, now=datetime.now(UTC))
    world = java.World(own_brokers, receiver, place, mode=mode)

    with running(world):
        write(place, mode)
        assert wait_for(lambda: done("lines") == LINES), found("lines")

    journeys = found("lines")
    assert len(written(place)) == len(journeys) == LINES
    for one in journeys:
        assert [step["step"] for step in one["steps"]] == ["read", "piped", "passed", "written"]
        assert [step["service"] for step in one["steps"]] == [
            "trades-in",
            "pipe",
            "pipe",
            "trades-out",
        ]
        assert [step["attempts"] for step in one["steps"]] == [1, 1, 1, 1]
        assert [(leg["from"], leg["to"], leg["partial"]) for leg in one["legs"]] == [
            ("read", "piped", False),
            ("piped", "passed", False),
            ("passed", "written", False),
        ]
        assert (one["status"], one["gaps"]) == ("done", [])


@pytest.mark.parametrize(("cache", "told"), [(0, LINES), (1_000_000, 0)])
def test_an_aggregate_is_part_of_the_way_unless_a_cache_hides_it(
    cache, told, own_brokers, place, receiver
):
    flows.save(COUNTS, now=datetime.now(UTC))
    world = java.World(own_brokers, receiver, place)
    settings = {"application.id": f"words-{cache}", "statestore.cache.max.bytes": str(cache)}

    with running(world), java.word_count(world, settings, service="words"):
        write(place, f"cache-{cache}")
        assert wait_for(lambda: len(counted()) == LINES), found("counts")
        assert wait_for(lambda: len(told_of()) == told), found("counts")

    assert len(counted()) == LINES
    assert len(told_of()) == told
    for one in counted():
        assert (one["status"] == "done") == bool(told)
        assert [gap["step"] for gap in one["gaps"]] == ([] if told else ["told"])


def counted():
    """The journeys of lines that were counted."""
    steps = ("read", "split", "counted")
    return [one for one in found("counts") if {step["step"] for step in one["steps"]} >= {*steps}]


def told_of():
    return [one for one in counted() if any(step["step"] == "told" for step in one["steps"])]


@contextmanager
def running(world):
    """Both connectors in one worker, and PipeDemo, until the block ends."""
    source = {
        "name": "trades-in", "connector.class": FILE.format("Source"), "tasks.max": "1",
        "file": str(world.folder / "in.txt"), "topic": TOPICS[0], **MADE_KEYS,
    }  # fmt: skip
    sink = {
        "name": "trades-out", "connector.class": FILE.format("Sink"), "tasks.max": "1",
        "file": str(world.folder / "out.txt"), "topics": TOPICS[1],
    }  # fmt: skip
    (world.folder / "in.txt").touch()
    with (
        java.pipe(world, service="pipe"),
        java.connect(world, source, sink, service="connect-worker"),
    ):
        yield


def write(place, name):
    with (place / "in.txt").open("a") as file:
        file.writelines(f"{name}-{number:03d} buy\n" for number in range(LINES))


def written(place):
    file = place / "out.txt"
    return file.read_text().splitlines() if file.exists() else []


def done(flow):
    return Journey.objects.filter(flow__name=flow, status="done").count()


def found(flow):
    now = datetime.now(UTC)
    keys = Journey.objects.filter(flow__name=flow).values_list("key", flat=True)
    return [reading.journey(flow, key, now=now) for key in keys]


def wait_for(condition):
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if condition():
            return True
        threading.Event().wait(0.3)
    return False
