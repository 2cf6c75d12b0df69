"""Which numbers a text can reach."""

import re

import phonenumbers
from phonenumbers import PhoneNumberType

# Nearly every number that is told of anything; taking it apart costs more than looking at it.
_CHINESE_MOBILE = re.compile(r"\+861[3-9][0-9]{9}")


def takes_texts(phone: str) -> bool:
    """Whether an E.164 number may be a mobile's. Only what is surely a landline is none."""
    if _CHINESE_MOBILE.fullmatch(phone):
        return True
    try:
        number = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return True
    return phonenumbers.number_type(number) != PhoneNumberType.FIXED_LINE
