"""The page about the API names every operation, and none that is not there."""

import re
from pathlib import Path

from dashboards.api.root import api

PAGE = Path(__file__).parents[3] / "docs" / "api.md"


def test_the_page_and_the_api_tell_the_same():
    schema = api.get_openapi_schema(path_prefix="/api/")
    served = {
        f"{method.upper()} {path.replace('incident_id', 'id')}"
        for path, operations in schema["paths"].items()
        for method in operations
    }

    told = set(re.findall(r"`((?:GET|POST) /api/\S+?)`", PAGE.read_text()))

    assert told == served
