"""Lengths of time and numbers in words."""

from datetime import UTC, datetime, timedelta

import pytest
from django.template import Context, Template

from dashboards import words
from dashboards.templatetags.board import share


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.0004, "0.4 ms"),
        (0.042, "42 ms"),
        (0.9994, "999 ms"),
        (0.9996, "1 s"),
        (3, "3 s"),
        (3.14, "3.1 s"),
        (9.96, "10 s"),
        (42.9, "42 s"),
        (252, "4 min 12 s"),
        (-252, "4 min 12 s"),
        (7500, "2 h 5 min"),
        (3 * 86400, "3 d"),
    ],
)
def test_duration(seconds, said):
    assert words.duration(seconds) == said
    assert words.duration(timedelta(seconds=seconds)) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "00:00"), (252.9, "04:12"), (3852, "1:04:12"), (3 * 86400 + 15120, "3 d 04:12")],
)
def test_face(seconds, said):
    assert words.face(seconds) == said


@pytest.mark.parametrize(
    ("part", "said"), [(1, "100"), (0.99999, "99.99"), (0.9991, "99.91"), (0.5, "50.0"), (0, "0.0")]
)
def test_a_share_never_rounds_up_to_all(part, said):
    assert share(part) == said


def test_size():
    assert [words.size(n) for n in (812, 1_200, 3_400_000)] == ["812 B", "1.2 kB", "3.4 MB"]


def test_an_instant_carries_its_utc_time_whatever_is_shown():
    at = datetime(2026, 11, 20, 12, 0, 0, 118_000, tzinfo=UTC)
    template = Template('{% load slatrack %}{% when at "millis" "zone" %}')
    html = template.render(Context({"at": at}))
    assert 'datetime="2026-11-20T12:00:00.118Z"' in html
    assert "12:00:00.118 UTC</time>" in html


def test_a_state_has_word_and_icon_and_is_escaped():
    html = Template("{% load slatrack %}{% chip state %}").render(Context({"state": "<b>odd"}))
    assert "&lt;b&gt;odd" in html
    assert "<b>odd" not in html
