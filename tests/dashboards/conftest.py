"""What pages keep for a moment is forgotten between tests: their rows are rolled back."""

import pytest

from dashboards import board_picture, flow_map_picture, usual


@pytest.fixture(autouse=True)
def _forget_pictures() -> None:
    board_picture.forget()
    flow_map_picture.forget()
    usual.forget()
