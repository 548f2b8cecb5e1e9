"""A deadline that was met in time tells its first flip, which is a row no more; old ones stay."""

from typing import Any, ClassVar

from django.db import migrations, models

WRITE = """
INSERT INTO tracking_flip (journey_id, deadline, version, number, about, "before", "after",
    severity, step, at, due_at, watermark, almanac, reason, recorded_at)
SELECT journey_id, name, version, flip_count, 'verdict', 'waiting', verdict,
    severity, decided_step, reached_at, due_at, watermark, almanac, reason, decided_at
FROM tracking_deadline WHERE decided_at IS NOT NULL ORDER BY decided_at, id
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[Any]] = [("tracking", "0004_one_index_less")]

    operations: ClassVar[list[Any]] = [
        migrations.AddField(
            model_name="deadline",
            name="decided_at",
            field=models.DateTimeField(
                help_text="when its one flip, waiting to met, was recorded; null: it is a row",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="deadline",
            name="decided_step",
            field=models.CharField(
                blank=True, default="", help_text="where the event stood then", max_length=100
            ),
            preserve_default=False,
        ),
        # Back to flips that are all rows: tests/tracking/test_telling_migrated.py
        migrations.RunSQL(migrations.RunSQL.noop, WRITE),
    ]
