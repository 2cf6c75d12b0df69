"""Order numbers: prefix, date, six random characters and a check character.

The alphabet has 31 characters, none of which is mistaken for another when read aloud or written
by hand (no 0/O, 1/I/L). 31 is prime, so a weighted sum modulo 31 finds every single wrong
character and every swap of two.
"""

import re
import secrets
import unicodedata
from datetime import date
from itertools import count
from operator import mul

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
PREFIX = "QY"
_RANDOM = 6
_NUMBERS_A_DAY = len(ALPHABET) ** _RANDOM
_FORGIVEN = dict.fromkeys(map(ord, " -_\u2013\u2014\u00ad\t"))
_SHAPE = re.compile(f"{PREFIX}[0-9]{{6}}[{ALPHABET}]{{{_RANDOM + 1}}}")
_BEGINNING = re.compile(f"(?:{PREFIX})?[0-9]{{6}}[{ALPHABET}]{{1,{_RANDOM + 1}}}")
_END = re.compile(f"[{ALPHABET}]{{4,{_RANDOM + 1}}}")


def check_character(body: str) -> str:
    """The check character of date and random part ("261123K7M4QZ"), without the prefix."""
    values = [*map(int, body[:6]), *map(ALPHABET.index, body[6:])]
    return ALPHABET[sum(map(mul, values, count(2))) % len(ALPHABET)]


def new_number(accepted_on: date) -> str:
    """A fresh number like QY261123K7M4QZX; unique but for a chance of one in 887 million a day."""
    drawn = secrets.randbelow(_NUMBERS_A_DAY)
    body = f"{accepted_on:%y%m%d}"
    for _ in range(_RANDOM):
        drawn, place = divmod(drawn, len(ALPHABET))
        body += ALPHABET[place]
    return PREFIX + body + check_character(body)


def normalise(typed: str) -> str | None:
    """The number that somebody typed, or None if it cannot be one.

    Full-width characters, lower case, spaces and dashes are forgiven.
    """
    folded = unicodedata.normalize("NFKC", typed[:64]).upper()
    number = folded.translate(_FORGIVEN)
    if not _SHAPE.fullmatch(number):
        return None
    return number if check_character(number[len(PREFIX) : -1]) == number[-1] else None


def piece_of(typed: str) -> tuple[str, bool] | None:
    """A part of a number that somebody typed, and whether it is its beginning; None if it can be none.

    The beginning is the date with some of what follows, with or without the prefix; the end four to seven of
    the characters after the date. Whatever `normalise` forgives is forgiven.
    """
    piece = unicodedata.normalize("NFKC", typed[:64]).upper().translate(_FORGIVEN)
    if _BEGINNING.fullmatch(piece):
        return PREFIX + piece.removeprefix(PREFIX), True
    return (piece, False) if _END.fullmatch(piece) else None
