"""How fast a span is seen and silence is told: `python -m tests.browser.measure_live`.

Starts slatrack, sends a steady stream of spans through Kafka, opens the live board in Chromium, and
measures
- from producing a probe's span to its row in the page, and
- from the due time of an event that stays silent to its row in the lane of missed ones.
Prints JSON; `drawn` is when the web process had drawn the frame that brought the row. Chromium and
slatrack share this machine's clock.

Without servers in the environment everything is `manage.py up`. On servers,
`python -m tests.servers postgres redis kafka -- python -m tests.browser.measure_live`, pages,
consumer, watcher and worker are processes of their own.
"""

import argparse
import json
import os
import re
import statistics
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from confluent_kafka import Producer
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, Span, TracesData

from slatrack.bench.load import DOCUMENTS, Load
from tests.browser.live_places import PASSWORD, PORT, USER, recorded, separate, slatrack
from tests.servers import chromium, kafka

DUE_MS = 5000
FINISH = 2.0  # seconds after which a missed probe ends: the lane shows the first fifteen only
FLOW = """
flow: probes
event_key: [probe.id]
steps:
  - {step: received, role: ingress, match: {service: prober, kind: server}}
  - {step: reported, role: sink, match: {service: prober, kind: client}, after: [received]}
deadlines:
  - deadline: report within 5 seconds
    rule: {kind: duration, from: ingress, amount: PT5S, warn: [{before: PT2S}]}
    until: reported
    severity: critical
"""
WATCH = """() => {
  window.seen = {};
  const look = () => document.querySelectorAll('[data-row]').forEach(row => {
    const key = row.querySelector('.key')?.textContent.trim();
    if (!key?.startsWith('PROBE')) return;
    const at = performance.timeOrigin + performance.now();
    const seen = (window.seen[key] ??= {first: at});
    if (!seen.missed && row.className.includes('missed')) seen.missed = at;
  });
  const all = {subtree: true, childList: true, attributes: true};
  new MutationObserver(look).observe(document.body, all);
  look();
}"""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rate", type=int, default=1000, help="spans a second beside the probes")
    options.add_argument("--probes", type=int, default=60)
    chosen = options.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        brokers = os.environ.get("SLATRACK_KAFKA_BROKERS")
        brokers = brokers or stack.enter_context(kafka.real(folder))
        running = stack.enter_context(slatrack(brokers, folder / "data", f"{FLOW}---\n{DOCUMENTS}"))
        before = {name: cpu_seconds(pid) for name, pid in running.items()}
        began = time.monotonic()
        figures = measure(brokers, chosen.rate, chosen.probes)
        lasted = time.monotonic() - began
        flips = recorded(folder / "data")
        figures["silence_recorded_ms"] = summary(
            [late for key, late in flips.items() if key.startswith("PROBE-0")]
        )
        used = {n: round((cpu_seconds(p) - before[n]) / lasted, 2) for n, p in running.items()}
    about = {
        "processes": "separate" if separate() else "one",
        "spans_per_second": chosen.rate,
        "load_average": os.getloadavg()[0],
        "cores_used": used,
    }
    sys.stdout.write(json.dumps({**about, **figures}, indent=2) + "\n")


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(brokers: str, rate: int, probes: int) -> dict[str, object]:
    stop = threading.Event()
    sender = threading.Thread(target=send_load, args=(brokers, rate, stop))
    with chromium.real() as browser:
        frames: list[dict[str, Any]] = []
        page = open_board(browser, frames)
        producer = Producer({"bootstrap.servers": brokers, "linger.ms": 0, "log_level": 0})
        wait_until_it_reads(producer, page)
        sender.start()
        time.sleep(5)
        sent = send_probes(producer, page, probes)
        seen = page.evaluate("() => window.seen")
    stop.set()
    sender.join()
    drawn = first_drawn(frames)
    missed = first_drawn(frames, holding="missed")
    told = {key: one["missed"] for key, one in seen.items() if "missed" in one}
    return {
        "probes": probes,
        "drawn_ms": summary([drawn[key] - at for key, at in sent.items() if key in drawn]),
        "visible_ms": summary([seen[key]["first"] - at for key, at in sent.items() if key in seen]),
        "silence_drawn_ms": summary(
            [missed[key] - at - DUE_MS for key, at in sent.items() if key in missed]
        ),
        "silence_told_ms": summary([told[k] - at - DUE_MS for k, at in sent.items() if k in told]),
    }


def open_board(browser: Any, frames: list[dict[str, Any]]) -> Any:
    page = browser.new_page()
    page.goto(f"http://127.0.0.1:{PORT}/accounts/sign-in")
    page.fill("input[name=username]", USER)
    page.fill("input[name=password]", PASSWORD)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.on(
        "websocket",
        lambda line: line.on("framereceived", lambda text: frames.append(json.loads(text))),
    )
    page.goto(f"http://127.0.0.1:{PORT}/?flow=probes")
    page.wait_for_timeout(1000)
    page.evaluate(WATCH)
    return page


def wait_until_it_reads(producer: Producer, page: Any) -> None:
    """A consumer that has just started joins its group first, which is not what is measured."""
    send_probe(producer, "PROBE-FIRST", Span.SPAN_KIND_SERVER)
    page.wait_for_function("() => window.seen['PROBE-FIRST']", timeout=60_000)
    send_probe(producer, "PROBE-FIRST", Span.SPAN_KIND_CLIENT)


def send_probes(producer: Producer, page: Any, probes: int) -> dict[str, float]:
    """Send one each 250 ms; end each some time after it was due. Return when each was sent."""
    sent: dict[str, float] = {}
    ends = (DUE_MS / 1000 + FINISH) / 0.25
    for number in range(probes + int(ends)):
        if number < probes:
            key = f"PROBE-{number:03d}"
            sent[key] = send_probe(producer, key, Span.SPAN_KIND_SERVER)
        if number >= ends:
            send_probe(producer, f"PROBE-{number - int(ends):03d}", Span.SPAN_KIND_CLIENT)
        page.wait_for_timeout(250)
    return sent


def first_drawn(frames: list[dict[str, Any]], holding: str = "") -> dict[str, float]:
    """Return when the first frame with a row of each probe was drawn, by the server's clock."""
    found: dict[str, float] = {}
    for frame in frames:
        text = " ".join(row for row in frame.get("rows", {}).values() if holding in row)
        for key in set(re.findall(r"PROBE-\d+", text)):
            found.setdefault(key, frame["now"])
    return found


def send_probe(producer: Producer, key: str, kind: int) -> float:
    now = time.time_ns()
    group = ResourceSpans()
    group.resource.attributes.append(
        KeyValue(key="service.name", value=AnyValue(string_value="prober"))
    )
    span = Span(
        trace_id=os.urandom(16), span_id=os.urandom(8), name="probe",
        kind=kind, start_time_unix_nano=now, end_time_unix_nano=now,
        attributes=[KeyValue(key="probe.id", value=AnyValue(string_value=key))],
    )  # fmt: skip
    group.scope_spans.add().spans.append(span)
    producer.produce("otlp_spans", TracesData(resource_spans=[group]).SerializeToString())
    producer.flush(5)
    return now / 1e6


def send_load(brokers: str, rate: int, stop: threading.Event) -> None:
    producer = Producer({"bootstrap.servers": brokers, "linger.ms": 5, "log_level": 0})
    begin, sent = time.monotonic(), 0
    for record in Load(rate * 60, start=time.time_ns()).records():
        producer.produce("otlp_spans", record)
        producer.poll(0)
        sent += 100
        if stop.wait(max(0.0, begin + sent / rate - time.monotonic())):
            break
    producer.flush(5)


def summary(milliseconds: list[float]) -> dict[str, float]:
    if len(milliseconds) < 2:
        return {"n": len(milliseconds)}
    cuts = statistics.quantiles(milliseconds, n=100)
    return {
        "n": len(milliseconds),
        "p50": round(cuts[49]),
        "p95": round(cuts[94]),
        "max": round(max(milliseconds)),
    }


if __name__ == "__main__":
    main()
