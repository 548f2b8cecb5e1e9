"""The one writer counts what it committed."""

from datetime import UTC, datetime

import pytest
from prometheus_client import REGISTRY

from slatrack.tracking import recorder


@pytest.mark.django_db
def test_each_recorded_batch_is_timed_once():
    def batches():
        return REGISTRY.get_sample_value("slatrack_recording_seconds_count")

    before = batches()
    recorder.record([], now=datetime.now(UTC))

    assert batches() == before + 1
