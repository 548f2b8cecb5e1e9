"""A database that answers nothing while a block lasts."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from django.db import connection


def away(error: Exception, only: str = "") -> AbstractContextManager[None]:
    """Raise `error` for each statement of this thread, or for those that begin with `only`."""

    def refuse(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip().startswith(only):
            raise error
        return execute(sql, params, many, context)

    return connection.execute_wrapper(refuse)
