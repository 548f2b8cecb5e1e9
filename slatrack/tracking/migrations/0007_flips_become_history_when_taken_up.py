"""What alerting has not taken up is no history yet: the queue holds it, whole."""

from typing import Any, ClassVar

import django.db.models.deletion
from django.db import migrations, models

SAYS = """deadline, version, number, about, "before", "after", severity, step, at, due_at, watermark,
    almanac, reason, recorded_at, journey_id"""
THERE = [
    f"""
INSERT INTO tracking_unroutedflip ({SAYS}, flow_id)
SELECT {SAYS}, (SELECT u.flow_id FROM tracking_unrouted u WHERE u.flip_id = f.id)
FROM tracking_flip f WHERE id IN (SELECT flip_id FROM tracking_unrouted) ORDER BY id
""",
    "DELETE FROM tracking_flip WHERE id IN (SELECT flip_id FROM tracking_unrouted)",
]
BACK = [
    f"INSERT INTO tracking_flip ({SAYS}) SELECT {SAYS} FROM tracking_unroutedflip ORDER BY id",
    """
INSERT INTO tracking_unrouted (flip_id, journey_id, flow_id)
SELECT f.id, u.journey_id, u.flow_id FROM tracking_unroutedflip u JOIN tracking_flip f
ON f.journey_id = u.journey_id AND f.deadline = u.deadline AND f.version = u.version
    AND f.number = u.number
""",
]
ABOUT = [
    ("warning", "Warning"), ("verdict", "Verdict"), ("status", "Status"), ("risk", "Risk"),
]  # fmt: skip
BULK: dict[str, Any] = {
    "db_constraint": False,
    "db_index": False,
    "on_delete": django.db.models.deletion.CASCADE,
    "related_name": "+",
}


class Migration(migrations.Migration):
    dependencies: ClassVar[list[Any]] = [("tracking", "0006_dictionary")]

    operations: ClassVar[list[Any]] = [
        migrations.CreateModel(
            name="UnroutedFlip",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "deadline",
                    models.CharField(
                        blank=True, help_text="empty: the journey itself", max_length=200
                    ),
                ),
                ("version", models.PositiveIntegerField(default=0)),
                ("number", models.PositiveIntegerField()),
                ("about", models.CharField(choices=ABOUT, max_length=7)),
                ("before", models.CharField(max_length=9)),
                ("after", models.CharField(max_length=9)),
                ("severity", models.CharField(blank=True, max_length=20)),
                ("step", models.CharField(help_text="where the event stood", max_length=100)),
                (
                    "at",
                    models.DateTimeField(
                        help_text="the instant that it speaks of, e.g. the due time"
                    ),
                ),
                ("due_at", models.DateTimeField(null=True)),
                ("watermark", models.DateTimeField(null=True)),
                (
                    "almanac",
                    models.IntegerField(
                        help_text="the Almanac that due_at was worked out by", null=True
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("recorded_at", models.DateTimeField()),
                ("journey", models.ForeignKey(to="tracking.journey", **BULK)),
                ("flow", models.ForeignKey(to="tracking.flow", **BULK)),
            ],
        ),
        migrations.RunSQL(THERE, BACK),  # tests/tracking/test_unrouted.py
        migrations.DeleteModel(name="Unrouted"),
    ]
