"""Which numbers a text can reach, and numbers told at a glance."""

import re

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberType

# Nearly every number that is told of anything; taking it apart costs more than looking at it.
_CHINESE_MOBILE = re.compile(r"\+861[3-9][0-9]{9}")
# The library's own pattern, so that what it allots anew is known here too.
_MOBILE_AS_WRITTEN = re.compile(
    rf"(?:\+86)?({PhoneMetadata.metadata_for_region('CN').mobile.national_number_pattern})", re.ASCII
)


def takes_texts(phone: str) -> bool:
    """Whether an E.164 number may be a mobile's. Only what is surely a landline is none."""
    if _CHINESE_MOBILE.fullmatch(phone):
        return True
    try:
        number = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return True
    return phonenumbers.number_type(number) != PhoneNumberType.FIXED_LINE


def chinese_mobile(written: str) -> str | None:
    """The E.164 number of a Chinese mobile that is written without blanks and dashes.

    None says nothing: it may be another number, which the field `Phone` reads at thirty times the cost.
    """
    found = _MOBILE_AS_WRITTEN.fullmatch(written)
    return None if found is None else f"+86{found[1]}"
