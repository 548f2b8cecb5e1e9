from datetime import UTC, datetime

from slatrack.demo import inbox

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def message(subject: str, body: str = "three trades wait") -> inbox.Message:
    return inbox.Message("email", AT, "slatrack@demo.example", subject, {"To": "desk"}, body)


def test_the_inbox_is_empty_at_first():
    assert inbox.messages() == []


def test_the_newest_message_comes_first_and_whole():
    inbox.keep(message("first"))
    inbox.keep(message("second"))
    assert inbox.messages() == [message("second"), message("first")]
    assert inbox.messages(limit=1) == [message("second")]


def test_only_the_last_ones_are_kept(monkeypatch):
    monkeypatch.setattr(inbox, "KEPT", 3)
    for number in range(5):
        inbox.keep(message(str(number)))
    assert [one.subject for one in inbox.messages()] == ["4", "3", "2"]


def test_a_long_body_is_cut():
    inbox.keep(message("long", "x" * (inbox.MAX_BODY + 1)))
    assert len(inbox.messages()[0].body) == inbox.MAX_BODY
