"""The unified social credit code (统一社会信用代码) of a company, as GB 32100-2015 lays it down."""

import re
import unicodedata

LENGTH = 18

# The standard's alphabet: a character counts as its place in it. I, O, S, V and Z look like others.
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_MODULUS = len(_ALPHABET)
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}
# 4.5 of the standard: the place i weighs 3^(i-1) modulo 31.
_WEIGHTS = tuple(pow(3, place, _MODULUS) for place in range(LENGTH - 1))
# Kind of registration and of company, six digits of a division, nine characters of the company, the check.
_SHAPE = re.compile(rf"[{_ALPHABET}]{{2}}[0-9]{{6}}[{_ALPHABET}]{{10}}")


def normalise(written: str) -> str:
    """A code as it is compared: full-width forms narrowed, in capitals, without blanks and dashes."""
    return re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", written)).upper()


def is_spelt(part: str) -> bool:
    """Whether a normalised text has only characters that a code may have."""
    return all(character in _VALUES for character in part)


def is_shaped(code: str) -> bool:
    """Whether a normalised text has the length and the characters of a code."""
    return _SHAPE.fullmatch(code) is not None


def check_character(body: str) -> str:
    """The eighteenth character of a code, by the seventeen before it (formula 2 of the standard).

    The modulus is a prime and no two neighbours weigh the same, so that one wrong character and two
    neighbours that changed places are always found.
    """
    total = sum(_VALUES[character] * weight for character, weight in zip(body, _WEIGHTS, strict=True))
    return _ALPHABET[-total % _MODULUS]


def is_sound(code: str) -> bool:
    """Whether a normalised text is a code, its check character included."""
    return is_shaped(code) and check_character(code[:-1]) == code[-1]
