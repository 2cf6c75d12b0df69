"""What may be said of a subscription, and how one is shown."""

from marshmallow import fields

from tracker.fields import Choice, Day, Pattern, Phone, StrictSchema, Text, Timestamp, Whole
from tracker.subscribers.rules import AGREEMENTS, HIGHEST_FEN, LANGUAGES, REFERENCE_SHAPE


class SubscriptionRequestSchema(StrictSchema):
    """One subscription. The phone is sealed at rest; money is in fen; days are the city's."""

    reference = Pattern(
        REFERENCE_SHAPE,
        64,
        required=True,
        metadata={"description": "The operator's own number of it; stored in clear, so no telephone number."},
    )
    plan = Text(30, required=True, metadata={"description": "Filing number (方案编号)."})
    region = Text(
        40,
        load_default=None,
        allow_none=True,
        metadata={"description": "Code or name of a division, for a plan that is sold in several."},
    )
    monthly_fen = Whole(
        0,
        HIGHEST_FEN,
        load_default=None,
        allow_none=True,
        metadata={"description": "The plan's own price where none is said."},
    )
    phone = Phone(required=True)
    began_on = Day(required=True)
    language = Choice(LANGUAGES, load_default=None, allow_none=True)
    agreed_until = Day(load_default=None, allow_none=True)
    agreement = Choice(AGREEMENTS, load_default=None, allow_none=True)
    ended_on = Day(load_default=None, allow_none=True)


class SubscriptionEndSchema(StrictSchema):
    """The last day of a subscription, and why it ends."""

    ended_on = Day(required=True)
    reason = Text(200, required=True)


class SubscriptionUpdateSchema(StrictSchema):
    """What is to be brought up to date, and why; what is not named stays.

    An agreed term is given, or taken away by null, with both of its fields.
    """

    phone = Phone()
    language = Choice(LANGUAGES)
    agreed_until = Day(allow_none=True)
    agreement = Choice(AGREEMENTS, allow_none=True)
    reason = Text(200, required=True)


class SubscriberEventSchema(StrictSchema):
    """What became of a subscription. `detail`: by column, what it was and what it is."""

    kind = fields.String()
    detail = fields.Dict()
    reason = fields.String()
    actor = fields.String()
    at = Timestamp()


class SubscribedPlanSchema(StrictSchema):
    """The version of a plan by which a subscription was sold."""

    filing_number = fields.String()
    region = fields.String()
    version = fields.Integer()
    name = fields.String()
    name_en = fields.String()


class SubscriptionSchema(StrictSchema):
    """A subscription as it stands."""

    reference = fields.String()
    plan = fields.Nested(SubscribedPlanSchema)
    monthly_fen = fields.Integer()
    agreed_until = Day(allow_none=True)
    agreement = fields.String(allow_none=True)
    language = fields.String()
    phone_masked = fields.String(allow_none=True)
    takes_texts = fields.Boolean()
    began_on = Day()
    ended_on = Day(allow_none=True)
    source = fields.String()
    version = fields.Integer()
    created_at = Timestamp()
    events = fields.List(fields.Nested(SubscriberEventSchema))
