"""Bulk writes that the ORM is too slow for: a whole batch in one statement.

Rows are tuples in the order of the columns named. SQLite and PostgreSQL get the same rows.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar
from uuid import UUID

import psycopg
from django.core.exceptions import EmptyResultSet
from django.db import connection, models

Row = Sequence[Any]
T = TypeVar("T", int, UUID, str)

_json = json.JSONEncoder(ensure_ascii=False).encode


MOST_VALUES = 10_000  # of one statement: SQLite as it is shipped takes 32,766


class Raced(Exception):
    """Another writer inserted a row first: roll back, and do it again with that row loaded."""


def chunks(ids: Collection[T]) -> Iterator[list[T]]:
    """Yield sorted `ids` in lists that one statement can take; whoever locks locks in order."""
    ordered = sorted(ids, key=_order)
    for n in range(0, len(ordered), MOST_VALUES):
        yield ordered[n : n + MOST_VALUES]


def select(
    model: type[models.Model],
    columns: Sequence[str],
    ids: Collection[T],
    *,
    by: str = "id",
    lock: bool = False,
) -> list[Row]:
    """Return `columns` of the rows whose `by` is one of `ids`, in its order; locked if so wanted.

    Locked rows stay so until the transaction ends. Values are as the ORM gives them, but for bytes,
    which PostgreSQL gives as bytes here.
    """
    if not ids:
        return []
    if connection.vendor == "postgresql":
        return _select_any(model, columns, sorted(ids, key=_order), by, lock=lock)
    rows = model._default_manager.order_by(by)
    if lock:
        rows = rows.select_for_update()
    found: list[Row] = []
    for some in chunks(ids):
        found += rows.filter(**{f"{by}__in": some}).values_list(*columns)
    return found


def read(rows: "models.QuerySet[Any, Any]") -> list[Row]:
    """Return what a `values_list` asks for; values are as `select` gives them.

    PostgreSQL's instants come in binary: to read them from text is the most of many rows.
    """
    if connection.vendor != "postgresql":
        return list(rows)
    try:
        statement, values = rows.query.sql_with_params()
    except EmptyResultSet:
        return []
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(statement.encode(), values, binary=True)
        return cursor.fetchall()


def _select_any(
    model: type[models.Model], columns: Sequence[str], ids: list[Any], by: str, *, lock: bool
) -> list[Row]:
    """One array instead of thousands of parameters: Django and PostgreSQL both read it sooner."""
    table, keys = _table(model, columns), _table(model, [by])
    [key], [kind] = keys.columns, keys.kinds
    statement = (
        f"SELECT {', '.join(table.columns)} FROM {table.name} "  # noqa: S608 - names are the model's
        f"WHERE {key} = ANY(%b::{kind}[]) ORDER BY {key}{' FOR UPDATE' if lock else ''}"
    )
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(statement.encode(), [ids], binary=True)
        return cursor.fetchall()


def claim(model: type[models.Model], columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Insert those of `rows` that are not there, in their order; the others are left as they are.

    A row that another transaction is inserting is waited for: whoever claims in order of id what it
    will change gets on without a race. On SQLite, which has one writer, nothing needs claiming.
    """
    if rows and connection.vendor == "postgresql":
        table = _table(model, columns)
        run(
            f"INSERT INTO {table.name} ({', '.join(table.columns)}) "  # noqa: S608 - the model's
            f"SELECT {table.picked} FROM {table.arrays} ON CONFLICT DO NOTHING",
            table.values(rows),
        )


def insert(model: type[models.Model], columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Insert `rows`, which were not there when this transaction looked. All, or Raced.

    A row that another transaction is inserting at this moment is waited for. After Raced nothing
    more can be done in this transaction.
    """
    if not rows:
        return
    table = _table(model, columns)
    if connection.vendor == "postgresql":
        _copy(table, rows)
        return
    marks = ", ".join(["%s"] * len(columns))
    many(  # SQLite has one writer: no race
        f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({marks})",  # noqa: S608
        table.adapted(rows),
    )


def _copy(table: "_Table", rows: Sequence[Row]) -> None:
    """Insert by COPY, which costs us and PostgreSQL less than arrays do."""
    statement = f"COPY {table.name} ({', '.join(table.columns)}) FROM STDIN (FORMAT BINARY)"
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        try:
            with cursor.copy(statement.encode()) as copy:
                copy.set_types(table.copied_kinds)
                for row in table.copied(rows):
                    copy.write_row(row)
        except psycopg.errors.UniqueViolation:
            raise Raced from None


def insert_numbered(
    model: type[models.Model], columns: Sequence[str], rows: Sequence[Row]
) -> list[int]:
    """Insert `rows`, which get their ids from the database; return these, in the same order."""
    if not rows:
        return []
    if connection.vendor != "postgresql":
        made = (model(**dict(zip(columns, row, strict=True))) for row in rows)
        return [row.pk for row in model._default_manager.bulk_create(made)]
    table = _table(model, columns)
    found = run(
        f"INSERT INTO {table.name} ({', '.join(table.columns)}) "  # noqa: S608 - the model's
        f"SELECT {table.picked} FROM {table.arrays} RETURNING {model._meta.pk.column}",
        table.values(rows),
    )
    return [number for (number,) in found]


def update(model: type[models.Model], columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Update `rows`, which exist and are locked; the primary key comes first."""
    if not rows:
        return
    table = _table(model, columns)
    key, *others = table.columns
    if connection.vendor == "postgresql":
        assigned = ", ".join(f"{name} = new.{name}" for name in others)
        run(
            f"UPDATE {table.name} AS old SET {assigned} "  # noqa: S608 - names are the model's
            f"FROM (SELECT {table.named} FROM {table.arrays}) AS new WHERE old.{key} = new.{key}",
            table.values(rows),
        )
        return
    assigned = ", ".join(f"{name} = %s" for name in others)
    keys_last = [(*row[1:], row[0]) for row in table.adapted(rows)]
    many(f"UPDATE {table.name} SET {assigned} WHERE {key} = %s", keys_last)  # noqa: S608


def delete(model: type[models.Model], ids: Collection[int]) -> None:
    """Delete rows that nothing refers to, by primary key."""
    if not ids:
        return
    if connection.vendor == "postgresql":
        table = _table(model, [model._meta.pk.attname])
        run(
            f"DELETE FROM {table.name} WHERE {table.columns[0]} = ANY(%b::{table.kinds[0]}[])",  # noqa: S608
            [sorted(ids)],
        )
        return
    for some in chunks(ids):
        model._default_manager.filter(pk__in=some)._raw_delete(connection.alias)


def _table(model: type[models.Model], columns: Sequence[str]) -> "_Table":
    return _remembered(model, tuple(columns), connection.vendor)


class _Table:
    """A model's table as these statements see it."""

    def __init__(self, model: type[models.Model], columns: Sequence[str]) -> None:
        self.name = model._meta.db_table
        self.fields: list[Any] = [model._meta.get_field(name) for name in columns]
        self.columns: list[str] = [field.column for field in self.fields]
        kinds = [_postgres_kind(field) for field in self.fields]
        casts = [cast for _, cast in kinds]
        self.kinds = [kind for kind, _ in kinds]
        self.json = [bool(cast) for cast in casts]
        # On the wire JSON is its text after a version, which no adapter of psycopg takes as it is.
        self.copied_kinds = ["bytea" if cast else kind for kind, cast in kinds]
        self.picked = ", ".join(f"c{n}{cast}" for n, cast in enumerate(casts))
        pairs = zip(casts, self.columns, strict=True)
        self.named = ", ".join(f"c{n}{cast} AS {name}" for n, (cast, name) in enumerate(pairs))
        arrays = ", ".join(f"%b::{kind}[]" for kind in self.kinds)
        self.arrays = f"unnest({arrays}) AS t({', '.join(f'c{n}' for n in range(len(kinds)))})"

    def values(self, rows: Sequence[Row]) -> list[list[Any]]:
        """One list per column, for PostgreSQL."""
        columns = zip(*rows, strict=True)
        return [
            [_json(value) for value in column] if is_json else list(column)
            for is_json, column in zip(self.json, columns, strict=True)
        ]

    def copied(self, rows: Sequence[Row]) -> Iterable[Row]:
        """The rows for PostgreSQL's COPY."""
        if not any(self.json):
            return rows
        columns = zip(*rows, strict=True)
        return zip(
            *(map(_binary_json, column) if is_json else column
              for is_json, column in zip(self.json, columns, strict=True)),
            strict=True,
        )  # fmt: skip

    def adapted(self, rows: Sequence[Row]) -> list[tuple[Any, ...]]:
        """The rows as SQLite keeps them."""
        columns = zip(*rows, strict=True)
        adapters = map(_sqlite_adapter, self.fields)
        adapted = [
            column if adapt is None else map(adapt, column)
            for adapt, column in zip(adapters, columns, strict=True)
        ]
        return list(zip(*adapted, strict=True))


@lru_cache(maxsize=200)
def _remembered(model: type[models.Model], columns: tuple[str, ...], vendor: str) -> _Table:
    """Look at a model's fields once: of a batch of few spans that is a tenth of the work."""
    return _Table(model, columns)


def _order(one: int | UUID | str) -> Any:
    return one.int if isinstance(one, UUID) else one  # UUIDs compare slowly


def run(statement: str, values: Sequence[Any] | Mapping[str, Any]) -> list[Row]:
    """Run one PostgreSQL statement, its values sent beside it; return what it returns."""
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(statement.encode(), values)
        return cursor.fetchall() if cursor.description else []


def many(statement: str, rows: Sequence[Row]) -> None:
    """Prepare one SQLite statement, and run it for each row of values as it keeps them."""
    with connection.cursor() as cursor:
        cursor.executemany(statement, rows)


def _postgres_kind(field: Any) -> tuple[str, str]:
    """The array type to send a column in, and the cast to what it is."""
    kind = str(field.rel_db_type(connection) if field.is_relation else field.db_type(connection))
    if kind == "jsonb":
        return "text", "::jsonb"
    return ("text", "") if kind.startswith("varchar") else (kind, "")


def _sqlite_adapter(field: Any) -> Callable[[Any], Any] | None:
    if isinstance(field, models.DateTimeField):
        return _sqlite_datetime
    if isinstance(field, models.JSONField):
        return _json
    target = field.target_field if field.is_relation else field
    return _hex if isinstance(target, models.UUIDField) else None


def _sqlite_datetime(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat(" ")[:-6]  # without +00:00


def _hex(value: UUID) -> str:
    return value.hex


def _binary_json(value: Any) -> bytes:
    return b"\x01" + _json(value).encode()
