"""What is said of people."""

from typing import Any

from marshmallow import ValidationError, fields

from tracker.contacts.recipients import takes_texts
from tracker.fields import Choice, Phone, StrictSchema, Text
from tracker.problems import RuleText
from tracker.staff.models import ROLES
from tracker.staff.rules import is_username


class Username(Text):
    """A name to sign in with; capitals are taken as small letters."""

    rules = (*Text.rules, "person.username_malformed")

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = str(super()._deserialize(value, attr, data, **kwargs)).casefold()
        if not is_username(text):
            raise ValidationError(RuleText("person.username_malformed"))
        return text


class Mobile(Phone):
    """A number that texts reach, as E.164."""

    rules = (*Phone.rules, "person.not_mobile")

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        number = super()._deserialize(value, attr, data, **kwargs)
        if not takes_texts(number):
            raise ValidationError(RuleText("person.not_mobile"))
        return number


class PersonSchema(StrictSchema):
    """An account as it is changed; without a phone it keeps the one it has."""

    display_name = Text(64, required=True)
    role = Choice(ROLES, required=True)
    title = Text(20, load_default=None, allow_none=True)
    staff_number = Text(20, load_default=None, allow_none=True)
    phone = Mobile(load_default=None, allow_none=True)


class InvitationSchema(PersonSchema):
    """An account as it is made by inviting somebody."""

    username = Username(64, required=True)
    phone = Mobile(required=True)
    operator_id = fields.Integer(required=True)
