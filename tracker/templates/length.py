"""How long a text is, as carriers count and bill it.

SMS lengths are counted in UTF-16 units: one part holds 70, each of several holds 67, because every one
then carries a header that ties it to the others (GSM 03.40, UCS-2).
"""

SINGLE_PART = 70
JOINED_PART = 67


def units(text: str) -> int:
    """UTF-16 units of a text: a character outside the basic plane counts two."""
    return len(text.encode("utf-16-le")) // 2


def parts(text: str) -> int:
    """Number of SMS parts that a Chinese text is billed as; 0 for an empty one."""
    length = units(text)
    if length <= SINGLE_PART:
        return int(length > 0)
    return -(-length // JOINED_PART)
