import pytest

from slatrack.demo import inbox, webhooks
from tests.demo.calls import call


async def test_a_call_is_kept_with_its_headers():
    status, _ = await call(webhooks.receiver(), "POST", webhooks.PATH, {"type": "missed"})

    assert status == 204
    [message] = inbox.messages()
    assert message.kind == "webhook"
    assert message.sender == "slatrack/1"
    assert message.subject == "missed"
    assert message.body == '{"type": "missed"}'
    assert message.headers == {"user-agent": "slatrack/1"}


async def test_other_addresses_are_named():
    status, answer = await call(webhooks.receiver(), "GET", "/", {})
    assert status == 404
    assert "POST /webhook" in answer["error"]


@pytest.mark.parametrize(
    ("body", "subject"), [(b"\xff{", "not JSON"), (b"[]", ""), (b'{"type": 7}', "7")]
)
async def test_a_strange_body_is_kept_too(body: bytes, subject: str):
    status, _ = await call(webhooks.receiver(), "POST", webhooks.PATH, body)
    assert status == 204
    assert [one.subject for one in inbox.messages()] == [subject]
