"""When a large incident is counted again is on record: each worker's sweep may be the next one."""

from typing import Any, ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar[list[Any]] = [("alerting", "0003_alerts_say_all_themselves")]

    operations: ClassVar[list[Any]] = [
        migrations.AddField(
            "incident",
            "count_at",
            models.DateTimeField(
                null=True, help_text="when these are counted again; null: now"
            ),
        ),
    ]
