"""The page of each hard case: within our policy, wide and narrow, light and dark.

With SLATRACK_TEST_PICTURES=FOLDER each is taken as pictures to look at.
"""

import os
from pathlib import Path

import pytest

from tests import journey_cases

pytestmark = [pytest.mark.servers, pytest.mark.django_db(transaction=True)]

LIVE = "#live[data-state=live]"
LOOKS = {"light": (1440, "light"), "dark": (1440, "dark"), "phone": (390, "light")}
FOLDER = os.environ.get("SLATRACK_TEST_PICTURES")


def shot(page, name):
    if FOLDER:
        Path(FOLDER).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{FOLDER}/{name}.png", full_page=True)


@pytest.mark.parametrize("case", journey_cases.CASES)
def test_a_hard_case_is_shown_whole(page, case):
    journey_cases.save()
    key = journey_cases.CASES[case]()
    for look, (width, theme) in LOOKS.items():
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme)
        page.goto(
            f"/flows/{'orders' if key == 'O-17' else journey_cases.FLOW}/journeys/{key}?all=1"
        )
        page.wait_for_selector(LIVE)
        shot(page, f"{case}-{look}")
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(wide) == 0
