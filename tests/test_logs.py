"""One record, two forms: neither can be broken by what it tells of."""

import json
import logging
import sys

import pytest

from slatrack import logs


def record(message="%s was read", *args, **extra):
    made = logging.LogRecord("slatrack.x", logging.WARNING, "x.py", 1, message, args, None)
    vars(made).update(extra)
    return made


def test_json_holds_message_and_extra():
    line = logs.JsonLines(environment="staging").format(record("%s was read", "a", topic="trades"))

    entry = json.loads(line)
    assert entry["message"] == "a was read"
    assert entry["topic"] == "trades"
    assert entry["environment"] == "staging"
    assert entry["time"].endswith("+00:00")


@pytest.mark.parametrize("formatter", [logs.JsonLines(), logs.Text()])
def test_hostile_text_makes_no_second_line(formatter):
    line = formatter.format(record("%s was read", "a\n12:00:00Z ERROR forged", key="b\r\nc"))

    assert len(line.splitlines()) == 1


def test_a_traceback_is_kept():
    try:
        raise ValueError("what happened")
    except ValueError:
        made = record("failed")
        made.exc_info = sys.exc_info()

    assert "what happened" in json.loads(logs.JsonLines().format(made))["traceback"]
    assert "ValueError: what happened" in logs.Text().format(made)


@pytest.mark.parametrize(
    ("form", "embedded", "chosen"),
    [
        ("auto", True, logs.Text),
        ("auto", False, logs.JsonLines),
        ("json", True, logs.JsonLines),
        ("text", False, logs.Text),
    ],
)
def test_the_form_follows_the_installation(form, embedded, chosen):
    made = logs.configuration(level="INFO", form=form, embedded=embedded, environment="")

    assert made["formatters"]["chosen"]["()"] is chosen
