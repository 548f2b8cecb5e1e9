"""Properties worked out once: what functools.cached_property is from Python 3.12 on.

That of 3.11 takes a lock of the class for each first look, which costs more than most of what is
looked at, and makes threads wait for each other.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")


class once(Generic[T]):  # noqa: N801 - used as property is
    """Of an object with a `__dict__`; two threads may both work it out, to the same value."""

    def __init__(self, work_out: Callable[[Any], T]) -> None:
        self._work_out, self._name = work_out, work_out.__name__
        self.__doc__ = work_out.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> "once[T]": ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> "T | once[T]":
        if instance is None:
            return self
        found = instance.__dict__[self._name] = self._work_out(instance)
        return found
