"""A property that is worked out once."""

from dataclasses import dataclass, replace

from slatrack.domain.once import once


@dataclass
class Sum:
    numbers: tuple[int, ...]
    looked: int = 0

    @once
    def total(self) -> int:
        """What they come to."""
        self.looked += 1
        return sum(self.numbers)


def test_it_is_worked_out_at_the_first_look_only():
    one = Sum((1, 2))

    assert (one.looked, one.total, one.total, one.looked) == (0, 3, 3, 1)


def test_a_changed_copy_works_it_out_anew():
    one = Sum((1, 2))

    assert (one.total, replace(one, numbers=(5,)).total) == (3, 5)


def test_it_says_what_it_is():
    assert Sum.total.__doc__ == "What they come to."
