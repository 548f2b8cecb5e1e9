"""Static files, as a browser asks for them."""

import warnings
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

URL = "/static/dashboards/times.js"
CONTENT = Path(finders.find("dashboards/times.js")).read_bytes()


@pytest.fixture(autouse=True)
def _nothing_is_warned_of():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


async def test_a_file_comes_whole_with_its_type_and_length(async_client):
    answer = await async_client.get(URL)
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert answer["Content-Type"].startswith("text/javascript")
    assert answer["Content-Length"] == str(len(CONTENT))


async def test_a_part_is_sent_when_a_part_is_asked_for(async_client):
    answer = await async_client.get(URL, headers={"Range": "bytes=10-29"})
    assert (answer.status_code, answer.content) == (206, CONTENT[10:30])
    assert answer["Content-Range"] == f"bytes 10-29/{len(CONTENT)}"


async def test_what_is_known_already_and_what_is_only_asked_about_has_no_content(async_client):
    first = await async_client.head(URL)
    since = {"If-Modified-Since": first["Last-Modified"]}
    again = await async_client.get(URL, headers=since)
    assert (first.status_code, first.content) == (200, b"")
    assert first["Content-Length"] == str(len(CONTENT))
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("asked", "known"), [("If-Modified-Since", "Last-Modified"), ("If-None-Match", "ETag")]
)
async def test_what_is_known_already_is_not_described_again(async_client, asked, known):
    """RFC 9110, 15.4.5: what a cache goes by, and nothing else of the content, least a type."""
    first = await async_client.get(URL)
    again = await async_client.get(URL, headers={asked: first[known]})

    assert again.status_code == 304
    for name in ("ETag", "Cache-Control"):
        assert again[name] == first[name]
    assert [name for name in again.headers if name.startswith(("Content-", "Last-"))] == []


async def test_a_refusal_without_content_has_no_type(async_client):
    answer = await async_client.post(URL)
    assert (answer.status_code, answer.content, answer["Allow"]) == (405, b"", "GET, HEAD")
    assert "Content-Type" not in answer
