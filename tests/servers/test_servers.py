"""Each real server starts, answers as what it is, and is fresh."""

import psycopg
import pytest
import redis
from confluent_kafka.admin import AdminClient, NewTopic

pytestmark = pytest.mark.servers


def test_kafka_makes_a_topic_of_three_partitions(kafka_brokers):
    admin = AdminClient({"bootstrap.servers": kafka_brokers})
    admin.create_topics([NewTopic("fresh")])["fresh"].result(timeout=20)

    assert len(admin.list_topics("fresh", timeout=10).topics["fresh"].partitions) == 3


def test_postgres_has_an_empty_database(postgres_url):
    with psycopg.connect(postgres_url) as connection:
        query = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        assert connection.execute(query).fetchone() == (0,)


def test_redis_keeps_what_it_is_given(redis_url):
    client = redis.Redis.from_url(redis_url)
    client.set("journey", "T-1", ex=60)
    assert client.get("journey") == b"T-1"


def test_chromium_renders_a_page(browser):
    page = browser.new_page()
    page.set_content("<h1>journeys</h1>")

    assert page.inner_text("h1") == "journeys"
    page.close()
