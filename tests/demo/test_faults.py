from pathlib import Path

import pytest

from slatrack.demo import faults


def test_no_fault_is_on_at_first():
    assert faults.active() == frozenset()


def test_faults_are_switched_one_by_one():
    faults.set_active("slow_sink", on=True)
    faults.set_active("error_burst", on=True)
    faults.set_active("error_burst", on=True)
    assert faults.active() == {"slow_sink", "error_burst"}

    faults.set_active("slow_sink", on=False)
    assert faults.active() == {"error_burst"}
    faults.clear()
    faults.clear()
    assert faults.active() == frozenset()


def test_an_unknown_fault_is_refused():
    with pytest.raises(KeyError):
        faults.set_active("earthquake", on=True)


def test_a_broken_file_is_no_fault(folder: Path, caplog: pytest.LogCaptureFixture):
    faults.set_active("slow_sink", on=True)
    (folder / "faults.json").write_text("{")
    assert faults.active() == frozenset()
    assert "faults.json" in caplog.text


def test_a_name_that_is_gone_in_a_newer_version_is_ignored(folder: Path):
    faults.set_active("slow_sink", on=True)
    (folder / "faults.json").write_text('["slow_sink", "earthquake"]')
    assert faults.active() == {"slow_sink"}
