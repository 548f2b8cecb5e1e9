"""Answers that were dear to find are told again for a while."""

import pytest

from dashboards import dear
from dashboards.dear import LEAST, LONGER, MOST, VERY_MANY, Dear


def many(_):
    return VERY_MANY


class Clock:
    """A clock that finding moves, and a count of how often it was."""

    def __init__(self):
        self.now, self.found = 50.0, 0

    def __call__(self):
        return self.now

    def finds(self, took):
        def find():
            self.now += took
            self.found += 1
            return self.found

        return find


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def aside():
    """What is to be done aside."""
    return []


@pytest.fixture
def answers(clock, aside):
    return Dear(clock=clock, aside=aside.append)


def test_what_is_found_at_once_is_found_each_time(answers, clock):
    assert [answers.ask("how many?", clock.finds(LEAST / 2), many) for _ in range(3)] == [1, 2, 3]


def test_what_is_counted_of_few_rows_is_found_each_time_however_long_it_takes(answers, clock):
    find = clock.finds(9.0)
    assert [answers.ask("how many?", find, lambda _: VERY_MANY - 1) for _ in range(3)] == [1, 2, 3]


def test_what_took_long_is_told_again_for_some_times_as_long(answers, clock, aside):
    find = clock.finds(1.0)
    assert answers.ask("how many?", find, many) == 1
    clock.now += 9.9
    assert answers.ask("how many?", find, many) == 1
    assert not aside


def test_after_that_it_is_found_anew_aside_once_and_nobody_waits(answers, clock, aside):
    find = clock.finds(1.0)
    answers.ask("how many?", find, many)
    clock.now += 10.0
    assert [answers.ask("how many?", find, many) for _ in range(3)] == [1, 1, 1]

    [work] = aside
    work()
    assert answers.ask("how many?", find, many) == 2
    assert aside == [work]


def test_while_it_is_found_aside_it_is_told_however_long_that_takes(answers, clock, aside):
    find = clock.finds(1.0)
    answers.ask("how many?", find, many)
    clock.now += 10.0
    answers.ask("how many?", find, many)
    clock.now += 1000.0
    assert answers.ask("how many?", find, many) == 1


def test_what_nobody_asked_for_in_a_long_time_is_found_at_once(answers, clock, aside):
    find = clock.finds(1.0)
    answers.ask("how many?", find, many)
    clock.now += 10.0 + LONGER
    assert answers.ask("how many?", find, many) == 2
    assert not aside


def test_what_could_not_be_found_aside_is_tried_again(answers, clock, aside):
    def fails():
        raise LookupError

    find = clock.finds(1.0)
    answers.ask("how many?", find, many)
    clock.now += 10.0
    assert answers.ask("how many?", fails, many) == 1
    with pytest.raises(LookupError):
        aside.pop()()
    assert answers.ask("how many?", find, many) == 1
    aside.pop()()
    assert answers.ask("how many?", find, many) == 2


def test_what_has_become_few_is_not_told_from_memory_any_more(answers, clock, aside):
    answers.ask("how many?", clock.finds(1.0), many)
    clock.now += 10.0
    answers.ask("how many?", clock.finds(1.0), lambda _: 5)
    aside.pop()()
    clock.now += 0.1
    assert answers.ask("how many?", clock.finds(1.0), many) == 3


def test_each_question_has_an_answer_of_its_own(answers, clock):
    find = clock.finds(1.0)
    assert answers.ask("how many?", find, many) == 1
    assert answers.ask("how late?", find, many) == 2
    assert answers.ask("how many?", find, many) == 1


def test_what_cannot_be_found_is_not_kept(answers, clock):
    def fails():
        clock.now += 1.0
        raise LookupError

    with pytest.raises(LookupError):
        answers.ask("how many?", fails, many)
    assert answers.ask("how many?", clock.finds(1.0), many) == 1


def test_nobody_fills_memory_with_questions(answers, clock):
    for number in range(3 * MOST):
        answers.ask(number, clock.finds(LEAST), many)
    assert len(answers._kept) <= MOST


def test_what_is_forgotten_is_found_again(answers, clock):
    find = clock.finds(1.0)
    answers.ask("how many?", find, many)
    dear.forget()
    assert answers.ask("how many?", find, many) == 2
