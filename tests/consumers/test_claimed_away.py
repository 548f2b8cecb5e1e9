"""A partition that another consumer claims, against Kafka: what is lost is only the partition."""

from itertools import count

import pytest

from slatrack.tracking.models import Source, Trace
from slatrack.tracking.recorder import record
from slatrack.tracking.sources import claim
from tests.consumers.test_kafka import brokers, cluster, on_both, one  # noqa: F401
from tests.consumers.test_loop import NOW, TOPIC, Message, Twin, a_loop, stored


@on_both
def test_records_of_other_partitions_are_stored_where_one_of_their_batch_was_claimed_away(
    cluster,  # noqa: F811
):
    loop, numbers, fenced = cluster.join(), count(1), []
    drop = loop.subscription.fenced

    def claimed_away(spans, **others):
        """Another consumer claims one partition as a batch with records of both is recorded."""
        if len(others["offsets"]) == 2 and not fenced:
            Source.objects.filter(topic=cluster.topic, partition=1).update(epoch=1000)
        return record(spans, **others)

    def sent_until_fenced() -> bool:
        for partition in (0, 1):
            cluster.send(one(next(numbers)), partition=partition)
        return bool(fenced)

    loop.record = claimed_away
    loop.subscription.fenced = lambda names: (fenced.extend(names), drop(names))
    cluster.until(sent_until_fenced)
    assert [name[-2:] for name in fenced] == [":1"]

    sent = next(numbers)
    cluster.send(one(sent))
    cluster.until(lambda: cluster.offset(0) == sent // 2 + 1 and cluster.offset(1) == sent // 2)
    assert Trace.objects.count() == sent


@pytest.mark.django_db
def test_a_partition_that_others_own_by_now_takes_none_of_another_ones_records_with_it():
    twin = Twin([Message(4, one(1)), Message(7, one(2), partition=1)], [Message(5, one(3))])
    loop = a_loop(twin)
    claim(TOPIC, [1], group="g", owner="b", now=NOW)

    loop.run_once()

    assert (stored(0), stored(1)) == (5, None)
    assert twin.lost == ["g:spans:1"]
    loop.run_once()
    assert (stored(0), stored(1)) == (6, None)
    assert {row.id.bytes[-1] for row in Trace.objects.all()} == {1, 3}
