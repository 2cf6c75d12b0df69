"""What a channel may say of an order, and what it is told back."""

from marshmallow import fields

from tracker.fields import Choice, Part, Pattern, Phone, StrictSchema, Text, Timestamp, Whole
from tracker.orders.rules import REASONS, Stage

REFERENCE_LIMIT = 64


class CustomerSchema(StrictSchema):
    """Who wants broadband. The name and the phone are sealed at rest."""

    kind = Choice(("home", "enterprise"), required=True)
    name = Text(60, required=True)
    phone = Phone(required=True)


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


class PaymentRequestSchema(StrictSchema):
    """Money received (positive) or given back (negative), in fen."""

    fee = Choice(("installation", "commissioning", "monthly", "deposit"), required=True)
    amount_fen = Whole(-10_000_000, 10_000_000, required=True)
    reference = Text(REFERENCE_LIMIT, required=True)
    paid_at = Timestamp(load_default=None)


class PromiseSchema(StrictSchema):
    """The first promise, as frozen."""

    deadline = Timestamp()
    provisional = fields.Boolean()
    rule_version = fields.Integer()
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
    next_stages = fields.List(fields.String())


class OrderPageSchema(StrictSchema):
    """A page of orders, oldest first; `next` is the cursor of the page after it, null at the end."""

    orders = fields.List(fields.Nested(OrderSchema))
    next = fields.String(allow_none=True)
