"""How personal data is shown to people who may not see it whole: `138****1234`, `张**`, `清城区***`.

A mask is for display only. It is made from the opened value and never stored in place of it.
"""

import re

_HOME = "86"
_MOST_STARS = 3
# An area code without its 0, and a number in it. 400 and 800 are of no area, 86 is the country.
_LANDLINE = re.compile(r"0?(10|2\d|(?!400|800|86)[3-9]\d\d)\d{7,8}")
_LONG_NUMBER = re.compile(r"\d[\d \-]{5,}\d")


def holds_number(words: str) -> bool:
    """Whether what looks like a phone or a document's number stands in words that are kept in clear."""
    return _LONG_NUMBER.search(words) is not None


def mask_phone(phone: str) -> str:
    """The first three and last four digits of a number, E.164 or national, without the +86: `138****1234`; of
    a landline's the whole area code, as it is dialled: `0763****0100`.

    A number too short to hide four digits that way shows its last two, or nothing.
    """
    digits = "".join(c for c in phone if c in "0123456789")
    of_here = True
    if phone.lstrip().startswith("+"):
        of_here = digits.startswith(_HOME)
        digits = digits.removeprefix(_HOME)
    landline = _LANDLINE.fullmatch(digits) if of_here else None
    if landline is not None:
        return f"0{landline[1]}****{digits[-4:]}"
    if len(digits) >= 10:
        return f"{digits[:3]}****{digits[-4:]}"
    return f"****{digits[-2:]}" if len(digits) >= 6 else "****"


def mask_name(name: str) -> str:
    """The first character of a name, then stars: at most three, so that they count nothing long."""
    name = name.strip()
    if len(name) < 2:
        return "*" * len(name)
    return name[0] + "*" * min(len(name) - 1, _MOST_STARS)


def mask_address(*places: str) -> str:
    """The names of the administrative divisions, down to the one that may be shown, then three stars.

    The detailed address is not even asked for.
    """
    return "".join(places) + "***"
