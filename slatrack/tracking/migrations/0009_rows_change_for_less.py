"""Rows that change cost PostgreSQL less: deadlines have room on their pages, an index merges nothing.

A new version of a deadline that finds room on its page needs no new entry in an index. Pages that
are full already stay so. The index of journeys by start has hardly any equal entries but those of
versions of one row, which it need not try to merge.
"""

from typing import Any, ClassVar

from django.db import migrations

FILLED = 45  # per cent: each row of a page can change once before old versions are cleared away
THERE = (
    f"ALTER TABLE tracking_deadline SET (fillfactor = {FILLED})",
    "ALTER INDEX journey_by_start SET (deduplicate_items = off)",
)
BACK = (
    "ALTER TABLE tracking_deadline RESET (fillfactor)",
    "ALTER INDEX journey_by_start RESET (deduplicate_items)",
)


def there(apps: Any, schema_editor: Any) -> None:
    """Set what is PostgreSQL's alone."""
    _on_postgresql(schema_editor, THERE)


def back(apps: Any, schema_editor: Any) -> None:
    """Leave it to PostgreSQL again."""
    _on_postgresql(schema_editor, BACK)


def _on_postgresql(schema_editor: Any, statements: tuple[str, ...]) -> None:
    if schema_editor.connection.vendor == "postgresql":
        for statement in statements:
            schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies: ClassVar[list[Any]] = [
        ("tracking", "0008_kept_deadlines_are_told_by_their_journeys"),
    ]
    operations: ClassVar[list[Any]] = [
        migrations.RunPython(there, back),  # tests/tracking/test_rows_that_change.py
    ]
