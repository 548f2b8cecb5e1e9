from typing import Any

import pytest


@pytest.fixture
def allow(settings: Any) -> Any:
    """Change what the environment says, for one test."""

    def change(**values: Any) -> None:
        settings.SLATRACK = settings.SLATRACK.model_copy(update=values)

    return change


@pytest.fixture
def loopback(allow: Any) -> None:
    """Let channels reach this machine, as the demo does."""
    allow(alert_allowed_networks="127.0.0.0/8")
