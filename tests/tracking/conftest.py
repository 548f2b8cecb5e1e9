"""Each test has a database of its own; what was read from another test's is forgotten."""

import pytest

from slatrack.tracking import flows


@pytest.fixture(autouse=True)
def _flows_are_read_afresh():
    flows._cache.clear()
