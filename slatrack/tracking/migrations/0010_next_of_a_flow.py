"""The next instants of each flow by themselves: of one that is not behind while others are.

The index has only journeys that somebody is to look at, so it is small and soon built.
"""

from typing import Any, ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar[list[Any]] = [("tracking", "0009_rows_change_for_less")]

    operations: ClassVar[list[Any]] = [
        migrations.AddIndex(
            model_name="journey",
            index=models.Index(
                condition=models.Q(("next_at__isnull", False)),
                fields=["flow", "next_at"],
                name="journey_next_of_flow",
            ),
        ),
    ]
