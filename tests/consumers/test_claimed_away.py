"""A partition that another consumer claims, against Kafka: what is lost is only the partition."""

from itertools import count

from slatrack.tracking.models import Source, Trace
from slatrack.tracking.recorder import record
from tests.consumers.test_kafka import brokers, cluster, on_both, one  # noqa: F401


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
