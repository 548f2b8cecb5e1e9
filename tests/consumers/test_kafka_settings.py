"""What of the settings says which topics are read, and how."""

import json

import pytest
from django.conf import settings

from consumers.kafka import TopicsInvalid, configuration, topics


@pytest.mark.parametrize(
    ("setting", "found"),
    [
        ("otlp_spans", {"otlp_spans": "auto"}),
        ("a, b:otlp_json,c:otlp_proto,", {"a": "auto", "b": "otlp_json", "c": "otlp_proto"}),
    ],
)
def test_topics(setting, found):
    assert topics(setting) == found


def test_a_topic_with_an_unknown_encoding_is_refused_by_name():
    with pytest.raises(TopicsInvalid, match=r"'a:jaeger'.*otlp_json"):
        topics("a:jaeger")


def test_options_pass_through_but_not_what_guarantees_rest_on(monkeypatch):
    options = json.loads('{"security.protocol": "SASL_SSL", "enable.auto.commit": true}')
    monkeypatch.setattr(settings.SLATRACK, "kafka_options", options)

    made = configuration()

    assert made["security.protocol"] == "SASL_SSL"
    assert made["enable.auto.commit"] is False
