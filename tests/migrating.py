"""The database as another version has it: migrated there, and back."""

from typing import Any

from django.db import connection
from django.db.migrations.executor import MigrationExecutor


def migrate(*to: tuple[str, str]) -> Any:
    """Migrate to some versions (none: to the newest of all apps); return the models there.

    What depends on a version that is left is left with it, in other apps too: so whoever comes
    back comes back with all of them.
    """
    executor = MigrationExecutor(connection)
    executor.migrate(list(to) or executor.loader.graph.leaf_nodes())
    return executor.loader.project_state(list(to)).apps


def behind() -> bool:
    """Whether anything is not as the newest version has it."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
