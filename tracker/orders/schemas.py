"""What a channel may say of an order, and what it is told back."""

from marshmallow import fields

from tracker.fields import Choice, CreditCode, Flag, Part, Pattern, Phone, StrictSchema, Text, Timestamp
from tracker.orders.fee_schemas import FeeSchema
from tracker.orders.rules import REASONS, Stage
from tracker.promises.schemas import RuleDraftSchema
from tracker.real_name.schemas import CheckSchema

REFERENCE_LIMIT = 64


class CustomerSchema(StrictSchema):
    """Who wants broadband. The name, the phone and a company's credit code are sealed at rest."""

    kind = Choice(("home", "enterprise"), required=True)
    name = Text(60, required=True)
    phone = Phone(required=True)
    credit_code = CreditCode(load_default=None)


class AddressSchema(StrictSchema):
    """Where: a community (居委会, 村委会) by its statistics code, and the rest in words."""

    community_code = Pattern(r"[0-9]{12}", 12, required=True)
    detail = Text(120, required=True)


class OrderRequestSchema(StrictSchema):
    """A new order. `accepted_at` is given when it was taken earlier than it is sent."""

    external_reference = Text(REFERENCE_LIMIT, required=True)
    customer = Part(CustomerSchema, required=True)
    address = Part(AddressSchema, required=True)
    plan = Text(30, required=True, metadata={"description": "Filing number (方案编号) of the plan."})
    resource = Choice(("ready", "needs_building"), load_default="ready")
    accepted_at = Timestamp(load_default=None)
    dealer = Text(60, load_default=None)
    language = Choice(("zh", "en"), load_default="zh")
    notify_by = Choice(
        ("text", "call"),
        load_default="text",
        metadata={"description": "How the customer wants to be told; codes are always texts."},
    )
    needs_assistance = Flag(
        load_default=False,
        metadata={"description": "The customer is old or disabled and needs help (适老化、无障碍)."},
    )


class AppointmentSchema(StrictSchema):
    """An agreed visit."""

    starts_at = Timestamp(required=True)
    ends_at = Timestamp(required=True)


class InstallerSchema(StrictSchema):
    """Who comes, as customers are told: "李师傅" and the staff number. No personal phone."""

    title = Text(20, required=True)
    staff_number = Text(20, required=True)


class ProgressRequestSchema(StrictSchema):
    """A step of an order to another stage."""

    stage = Choice([stage.value for stage in Stage if stage is not Stage.ACCEPTED], required=True)
    occurred_at = Timestamp(load_default=None)
    reason_code = Choice(tuple(REASONS), load_default=None)
    reason_text = Text(200, load_default=None)
    appointment = Part(AppointmentSchema, load_default=None)
    installer = Part(InstallerSchema, load_default=None)


class HoldRequestSchema(StrictSchema):
    """A stretch in which the promise's clock stands still; it begins now unless `starts_at` says when."""

    reason_code = Choice(tuple(REASONS), required=True)
    reason_text = Text(200, load_default=None)
    starts_at = Timestamp(load_default=None)
    ends_at = Timestamp(required=True)
    evidence = Text(
        200, load_default=None, metadata={"description": "Reference of a document kept elsewhere."}
    )


class LiftRequestSchema(StrictSchema):
    """The end of a hold before its time; the clock runs again from now on, or since `resumes_at`."""

    reason_text = Text(200, load_default=None)
    resumes_at = Timestamp(load_default=None)


class ContactSchema(StrictSchema):
    """Who follows a delay up, as the customer is told: a name, and an extension of the hotline."""

    name = Text(10, required=True)
    extension = Pattern(r"[0-9]{1,6}", 6, load_default=None)


class RepromiseRequestSchema(StrictSchema):
    """Another promise: by the resource that was found, or a new date after a delay."""

    reason_code = Choice(tuple(REASONS), required=True)
    reason_text = Text(200, load_default=None)
    evidence = Text(200, load_default=None)
    resource = Choice(("ready", "needs_building", "survey"), load_default=None)
    deadline = Timestamp(load_default=None)
    contact = Part(ContactSchema, load_default=None)


class ExcuseRequestSchema(StrictSchema):
    """A delay that a third party or force majeure caused; it must say on what evidence."""

    reason_code = Choice(tuple(REASONS), required=True)
    reason_text = Text(200, load_default=None)
    starts_at = Timestamp(required=True)
    ends_at = Timestamp(required=True)
    evidence = Text(200, required=True)


class PreviewRequestSchema(StrictSchema):
    """An order like this one: what would it be promised? `rule` is a draft, as if published too."""

    plan = Text(30, required=True)
    community_code = Pattern(r"[0-9]{12}", 12, required=True)
    resource = Choice(("ready", "needs_building"), load_default="ready")
    accepted_at = Timestamp(load_default=None)
    rule = Part(RuleDraftSchema, load_default=None)


class PromiseSchema(StrictSchema):
    """The promise as it stands, and the first one as frozen."""

    deadline = Timestamp()
    first_deadline = Timestamp()
    provisional = fields.Boolean()
    rule_version = fields.Integer()
    explanation = fields.Dict(keys=fields.String(), values=fields.String())


class StandingSchema(StrictSchema):
    """A promise as it stood from `since` on."""

    since = Timestamp()
    deadline = Timestamp()
    provisional = fields.Boolean()
    rule_id = fields.Function(lambda standing: standing.rule.id, metadata={"type": "integer"})
    rule_version = fields.Function(lambda standing: standing.rule.version, metadata={"type": "integer"})
    explanation = fields.Dict(keys=fields.String(), values=fields.String())


class LedgerEntrySchema(StrictSchema):
    """One line of the ledger: what was written, by whom, why, and the deadline since."""

    number = fields.Integer()
    kind = fields.String()
    recorded_at = Timestamp()
    starts_at = Timestamp(allow_none=True)
    ends_at = Timestamp(allow_none=True)
    lifts = fields.Integer(allow_none=True)
    agreed_at = Timestamp(allow_none=True)
    reason_code = fields.String(allow_none=True)
    reason_text = fields.String(allow_none=True)
    evidence = fields.String(allow_none=True)
    contact = fields.Nested(ContactSchema, allow_none=True)
    actor = fields.String()
    asked_by = fields.String(
        allow_none=True, metadata={"description": "Who asked for what `actor` approved: of an excuse."}
    )
    deadline = Timestamp()
    provisional = fields.Boolean()


class LedgerSchema(StrictSchema):
    """All that was promised of an order: the first promise, each entry, and how it stands or stood."""

    first = fields.Nested(StandingSchema)
    entries = fields.List(fields.Nested(LedgerEntrySchema))
    as_of = Timestamp()
    standing = fields.Nested(StandingSchema, allow_none=True)


class PreviewSchema(StrictSchema):
    """What such an order would be promised."""

    accepted_at = Timestamp()
    deadline = Timestamp()
    provisional = fields.Boolean()
    rule_id = fields.Integer(allow_none=True)
    explanation = fields.Dict(keys=fields.String(), values=fields.String())


class OrderSchema(StrictSchema):
    """An order as its channel sees it: no name, phone or address comes back."""

    number = fields.String()
    external_reference = fields.String()
    stage = fields.String()
    version = fields.Integer()
    accepted_at = Timestamp()
    customer_kind = fields.String()
    community_code = fields.String()
    plan = fields.String()
    promise = fields.Nested(PromiseSchema)
    fees = fields.List(fields.Nested(FeeSchema))
    real_name_checks = fields.List(fields.Nested(CheckSchema))
    next_stages = fields.List(fields.String())


class OrderPageSchema(StrictSchema):
    """A page of orders in the order in which they were stored.

    `next` is the cursor of the page after it, null at the end; `last` is that behind the last order
    listed, to ask later for what has come since.
    """

    orders = fields.List(fields.Nested(OrderSchema))
    next = fields.String(allow_none=True)
    last = fields.String()


class MoneySchema(StrictSchema):
    """What was paid or given back, charged or waived, in fen."""

    fee = fields.String()
    amount_fen = fields.Integer()
    reference = fields.String()


class EventSchema(StrictSchema):
    """One thing that happened to an order; nothing of it says who the customer is.

    `deadline` is the promise as it stood then.
    """

    id = fields.String(metadata={"description": "The same in the feed and in every delivery of a webhook."})
    type = fields.String()
    order = fields.String(metadata={"description": "The order's number."})
    external_reference = fields.String()
    version = fields.Integer()
    stage = fields.String()
    deadline = Timestamp(allow_none=True)
    reason_code = fields.String(allow_none=True)
    appointment = fields.Nested(AppointmentSchema, allow_none=True)
    money = fields.Nested(
        MoneySchema, allow_none=True, metadata={"description": "Of a payment or a charge; else null."}
    )
    occurred_at = Timestamp()
    recorded_at = Timestamp()


class EventPageSchema(StrictSchema):
    """A page of the feed. `next` is always given: poll on with it; `more` tells whether to do so at once."""

    events = fields.List(fields.Nested(EventSchema))
    next = fields.String()
    more = fields.Boolean()
