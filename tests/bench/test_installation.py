"""A benchmark's installation: what it has started ends with it."""

from types import SimpleNamespace

import pytest

from slatrack.bench import installation
from slatrack.bench.installation import Installation


@pytest.mark.django_db
def test_what_was_started_ends_where_the_next_part_cannot_be(monkeypatch):
    commands = {
        "one": ("-m", "http.server", "--bind", "127.0.0.1", "0"),
        "two": ("{unheard_of}",),
    }
    monkeypatch.setattr(installation, "COMMANDS", commands)
    here = Installation(SimpleNamespace(address="", topic="spans"), readers=1)

    with pytest.raises(KeyError, match="unheard_of"), here:
        pass

    assert here.parts["one"].died()
