"""What may be said of a plan, and how one is shown."""

from typing import Any

from marshmallow import fields, validate

from tracker.fields import Choice, Day, Pattern, StrictSchema, Text, Timestamp, Whole
from tracker.tariffs.rules import AUDIENCES, PLAN_KINDS, PlanState, Standing

# A million yuan, and a terabit a second: more is a slip of the keyboard.
MOST_FEN = 100_000_000
MOST_MBPS = 1_000_000


class Words(Text):
    """A line of text that may be left empty."""

    def __init__(self, limit: int, **kwargs: Any) -> None:
        super().__init__(limit, **{"load_default": "", **kwargs})
        self.validators = [validate.Length(max=limit)]

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if isinstance(value, str) and not value.strip():
            return ""
        return super()._deserialize(value, attr, data, **kwargs)


class Clauses(Words):
    """Clauses, published as one sentence with semicolons between them; a new line begins another."""

    def __init__(self, limit: int, between: str = "；", **kwargs: Any) -> None:
        super().__init__(limit, **kwargs)
        self.between = between

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if isinstance(value, str):
            lines = [line.strip().rstrip("；;").rstrip() for line in value.strip().splitlines()]
            value = self.between.join(line for line in lines if line)
        return super()._deserialize(value, attr, data, **kwargs)


class PlanDraftSchema(StrictSchema):
    """A version of a plan as it may be written down. Fees are whole fen (分), 0 where there is none.

    `region` is the code of the city or of one of its counties, `product` the word that promise rules
    use. Speeds are in Mbit/s, 0 where the plan brings none (as an add-on may). `on_sale_from` and
    `on_sale_to` are the first and the last day.
    """

    filing_number = Text(30, required=True)
    region = Pattern(r"[0-9]{6}", 6, required=True)
    audience = Choice(AUDIENCES, required=True)
    kind = Choice(PLAN_KINDS, required=True)
    product = Pattern(r"[a-z][a-z0-9_]*", 30, load_default="broadband")
    name = Text(80, required=True)
    name_en = Words(120)
    monthly_fen = Whole(0, MOST_FEN, required=True)
    installation_fen = Whole(0, MOST_FEN, required=True)
    commissioning_fen = Whole(0, MOST_FEN, required=True)
    download_mbps = Whole(0, MOST_MBPS, load_default=0)
    upload_mbps = Whole(0, MOST_MBPS, load_default=0)
    services = Clauses(1000)
    services_en = Clauses(2000, "; ")
    restrictions = Clauses(1000)
    restrictions_en = Clauses(2000, "; ")
    scope = Words(200)
    sales_channels = Words(200)
    validity = Words(200)
    stay = Words(200)
    cancellation = Clauses(400)
    liability = Clauses(400)
    voice = Words(200)
    data = Words(200)
    iptv = Words(200)
    benefits = Clauses(400)
    overage = Clauses(400)
    other_services = Clauses(400)
    remark = Clauses(400)
    on_sale_from = Day(required=True)
    on_sale_to = Day(load_default=None, allow_none=True)


# The columns of a plan that a person gives.
FIELDS = tuple(PlanDraftSchema().fields)


class PlanRequestSchema(PlanDraftSchema):
    """A draft to store, or to put in place of one, and why."""

    reason = Words(200)


class PlanPublicationSchema(StrictSchema):
    """Why a draft is published."""

    reason = Text(200, required=True)


class PlanWithdrawalSchema(StrictSchema):
    """Why a version is withdrawn and, for a published one, its last day on sale: today where left out.

    A day before its first one means that it never begins. A draft has no last day.
    """

    last_day = Day(load_default=None, allow_none=True)
    reason = Text(200, required=True)


class PlanResumptionSchema(StrictSchema):
    """Why a version that was taken off sale is sold on."""

    reason = Text(200, required=True)


class PlanCopySchema(StrictSchema):
    """The first day of the new draft: tomorrow where left out."""

    on_sale_from = Day(load_default=None, allow_none=True)
    reason = Words(200)


class PlanPointSchema(StrictSchema):
    """Something said of a plan: the rule, its place as a JSON pointer, and words in both languages."""

    rule = fields.String()
    pointer = fields.String()
    zh = fields.Function(lambda fault: fault.words("zh"), metadata={"type": "string"})
    en = fields.Function(lambda fault: fault.words("en"), metadata={"type": "string"})


class PlanEventSchema(StrictSchema):
    """What became of a version."""

    kind = fields.String()
    detail = fields.Dict()
    reason = fields.String()
    actor = fields.String()
    at = Timestamp()


class PlanVersionSchema(StrictSchema):
    """A version of the same plan, in short."""

    id = fields.Integer()
    version = fields.Integer()
    state = fields.String()
    standing = fields.String()
    monthly_fen = fields.Integer()
    on_sale_from = Day()
    on_sale_to = Day(allow_none=True)
    sold_until = Day(allow_none=True)


class PlanSchema(PlanDraftSchema):
    """A version of a plan. `sold_until` is its last day, also where the next version's first day ends it;
    `standing` tells how it stands today, `change_id` which announced change brings it to present customers.
    """

    id = fields.Integer()
    version = fields.Integer()
    revision = fields.Integer()
    state = fields.String(metadata={"enum": [state.value for state in PlanState]})
    standing = fields.String(metadata={"enum": [standing.value for standing in Standing]})
    sold_until = Day(allow_none=True)
    published_at = Timestamp(allow_none=True)
    withdrawn_at = Timestamp(allow_none=True)
    change_id = fields.Integer(allow_none=True)


class PlanPageSchema(StrictSchema):
    """A page of versions, and `next` to go on from."""

    plans = fields.List(fields.Nested(PlanSchema))
    next = fields.String(allow_none=True)


class WholePlanSchema(PlanSchema):
    """A version with what is unusual in it, all versions of its plan, and its history, oldest first."""

    warnings = fields.List(fields.Nested(PlanPointSchema))
    versions = fields.List(fields.Nested(PlanVersionSchema))
    events = fields.List(fields.Nested(PlanEventSchema))


class FollowedPlanSchema(StrictSchema):
    """The version that another takes over from."""

    id = fields.Integer()
    version = fields.Integer()
    monthly_fen = fields.Integer()
    on_sale_from = Day()


class PlanPreviewSchema(StrictSchema):
    """What publishing a draft now would come to. `follows` is the version that it takes over from."""

    refusals = fields.List(fields.Nested(PlanPointSchema))
    warnings = fields.List(fields.Nested(PlanPointSchema))
    follows = fields.Nested(FollowedPlanSchema, allow_none=True)
    in_force_from = Day()
    in_force_through = Day(allow_none=True)
