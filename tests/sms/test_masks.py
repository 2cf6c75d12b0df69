"""I5: what is left of personal data once it is masked."""

import pytest

from tracker.masks import mask_address, mask_name, mask_phone


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("+8613800001234", "138****1234"),
        ("13800001234", "138****1234"),
        ("138 0000 1234", "138****1234"),
        ("+867633368888", "0763****8888"),
        ("07633368888", "0763****8888"),
        ("+862081234567", "020****4567"),
        ("010-8123 4567", "010****4567"),
        ("+864001234567", "400****4567"),
        ("+85291234567", "852****4567"),
        ("8613800001", "861****0001"),
        ("3368888", "****88"),
        ("10000", "****"),
        ("", "****"),
    ],
)
def test_phone(phone: str, masked: str) -> None:
    assert mask_phone(phone) == masked


@pytest.mark.parametrize("length", range(16))
def test_at_least_half_of_a_short_number_and_three_digits_of_any_stay_hidden(length: int) -> None:
    digits = "123456789012345"[:length]
    shown = sum(c.isdigit() for c in mask_phone(digits))
    assert length - shown >= min(3, length)


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("张三丰", "张**"),
        ("张三", "张*"),
        ("张", "*"),
        ("", ""),
        (" 李四 ", "李*"),
        ("阿卜杜拉·买买提", "阿***"),
        ("清远市某某科技有限公司", "清***"),
    ],
)
def test_name(name: str, masked: str) -> None:
    assert mask_name(name) == masked


def test_address_ends_at_the_division_it_is_given() -> None:
    assert mask_address("清城区", "东城街道") == "清城区东城街道***"
