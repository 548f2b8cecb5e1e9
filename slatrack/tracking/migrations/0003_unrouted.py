"""Flips that alerting has not taken up stand in a queue of their own."""

from typing import Any, ClassVar

import django.db.models.deletion
from django.db import migrations, models

FILL = """
INSERT INTO tracking_unrouted (flip_id, journey_id, flow_id)
SELECT f.id, f.journey_id, j.flow_id
FROM tracking_flip f JOIN tracking_journey j ON j.id = f.journey_id WHERE f.routed_at IS NULL
"""
MARK = """
UPDATE tracking_flip SET routed_at = recorded_at
WHERE id NOT IN (SELECT flip_id FROM tracking_unrouted)
"""
BULK: dict[str, Any] = {
    "db_constraint": False,
    "db_index": False,
    "on_delete": django.db.models.deletion.CASCADE,
    "related_name": "+",
}


class Migration(migrations.Migration):
    dependencies: ClassVar[list[Any]] = [("tracking", "0002_feeds")]

    operations: ClassVar[list[Any]] = [
        migrations.CreateModel(
            name="Unrouted",
            fields=[
                (
                    "flip",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="tracking.flip",
                    ),
                ),
                ("journey", models.ForeignKey(to="tracking.journey", **BULK)),
                ("flow", models.ForeignKey(to="tracking.flow", **BULK)),
            ],
        ),
        migrations.RunSQL(FILL, MARK),  # tests/tracking/test_unrouted.py
        migrations.RemoveIndex(model_name="flip", name="flip_unrouted"),
        migrations.RemoveField(model_name="flip", name="routed_at"),
    ]
