"""An alert says all that its flip says that anybody asks of it: it does not point there."""

from typing import Any, ClassVar

import django.db.models.deletion
from django.db import migrations, models

BACK = """
UPDATE alerting_alert SET flip_id = (
    SELECT min(f.id) FROM tracking_flip f
    WHERE f.journey_id = alerting_alert.journey_id AND f.deadline = alerting_alert.deadline
      AND f.version = alerting_alert.version AND f.at = alerting_alert.at
      AND f.recorded_at = alerting_alert.decided_at
      AND f.about = CASE WHEN rung = 'at_risk' THEN 'risk' WHEN rung = 'due_soon' THEN 'warning'
                         WHEN alerting_alert.deadline = '' THEN 'status' ELSE 'verdict' END
      AND (rung <> 'due_soon' OR f."after" = CAST(warning AS varchar(9)))
)
"""


def flip(**fields: Any) -> Any:
    return models.OneToOneField(
        db_constraint=False,
        on_delete=django.db.models.deletion.CASCADE,
        related_name="alert",
        to="tracking.flip",
        **fields,
    )


class Migration(migrations.Migration):
    dependencies: ClassVar[list[Any]] = [
        ("alerting", "0002_bulk_alerts"),
        ("tracking", "0007_flips_become_history_when_taken_up"),
    ]

    operations: ClassVar[list[Any]] = [
        migrations.AlterField("alert", "flip", flip(null=True)),
        migrations.RunSQL(migrations.RunSQL.noop, BACK),  # tests/alerting/test_alerts_migrated.py
        migrations.RemoveField("alert", "flip"),
    ]
