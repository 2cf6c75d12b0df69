"""Order numbers that survive being read aloud and typed in."""

from datetime import date

from hypothesis import assume, given
from hypothesis import strategies as st

from tracker.orders import numbers
from tracker.orders.numbers import ALPHABET, new_number, normalise

DAY = date(2026, 11, 23)


def test_shape() -> None:
    number = new_number(DAY)
    assert number.startswith("QY261123")
    assert len(number) == 15
    assert not set(number[8:]) & set("01ILO")


def test_spelling_is_forgiven() -> None:
    number = new_number(DAY)
    for typed in (number.lower(), f" {number} ", f"{number[:2]}-{number[2:8]} {number[8:]}", wide(number)):
        assert normalise(typed) == number


def wide(text: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) for char in text)


@given(st.integers(2, 14), st.sampled_from("0123456789" + ALPHABET))
def test_one_wrong_character_is_found(place: int, char: str) -> None:
    number = new_number(DAY)
    assume(number[place] != char)
    assert normalise(number[:place] + char + number[place + 1 :]) is None


@given(st.integers(2, 13))
def test_two_swapped_characters_are_found(place: int) -> None:
    number = new_number(DAY)
    assume(number[place] != number[place + 1])
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert normalise(swapped) is None


@given(st.text(max_size=80))
def test_anything_may_be_typed(typed: str) -> None:
    assert normalise(typed) is None or normalise(typed).startswith("QY")


def test_two_orders_that_draw_the_same_number_both_get_one(place, runtime, monkeypatch) -> None:
    taken = place().number
    drawn = iter([taken, taken, numbers.new_number(DAY)])
    monkeypatch.setattr(numbers, "new_number", lambda day: next(drawn))
    second = place()
    assert second.number not in (taken, None)
    assert not second.repeated
    assert next(drawn, None) is None
