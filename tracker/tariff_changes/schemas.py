"""What may be said of a change, and how one is shown."""

from marshmallow import fields

from tracker.fields import Choice, Day, Part, StrictSchema, Text, Timestamp, Whole
from tracker.tariffs.rules import ChangeKind

_MOST_FEN = 100_000_00


class ShortNoticeSchema(StrictSchema):
    """Who decided that a change may come in spite of less than a month's notice, and why."""

    manager = Text(40, required=True)
    reason = Text(200, required=True)


class ChangeRequestSchema(StrictSchema):
    """A change to announce.

    `price` needs `effective_on` and `monthly_fen`, `terms` needs `effective_on`, `fields` and `summary`,
    `term_end` needs `ends_from` and `ends_to`: the last days of agreed prices that it is about.
    """

    kind = Choice([kind.value for kind in ChangeKind], required=True)
    filing_number = Text(30, required=True)
    region = Text(40, required=True)
    effective_on = Day(load_default=None, allow_none=True)
    ends_from = Day(load_default=None, allow_none=True)
    ends_to = Day(load_default=None, allow_none=True)
    monthly_fen = Whole(0, _MOST_FEN, load_default=None, allow_none=True)
    fields_ = fields.Dict(
        keys=fields.String(),
        data_key="fields",
        load_default=dict,
        metadata={"description": "Fields of the plan that the change alters beside its price."},
    )
    summary = Text(60, load_default="", metadata={"description": "What changes, in the text's words."})
    summary_en = Text(120, load_default="")
    reason = Text(200, required=True)
    override = Part(ShortNoticeSchema, load_default=None, allow_none=True)


class ChangeWithdrawalSchema(StrictSchema):
    """Why a change will not come."""

    reason = Text(200, required=True)


class ToldTextSchema(StrictSchema):
    """A text of a preview, how many get it, and how many of them are to be called instead."""

    language = fields.String()
    body = fields.String()
    parts = fields.Integer()
    old_fen = fields.Integer()
    new_fen = fields.Integer()
    effective_on = Day()
    subscribers = fields.Integer()
    calls = fields.Integer()


class ChangePreviewSchema(StrictSchema):
    """What would follow from announcing a change; nothing of it is stored."""

    effective_on = Day()
    latest_notice_on = Day()
    warn_from = Day()
    days = fields.Integer(metadata={"description": "Days over which texts about one and the same day leave."})
    subscribers = fields.Integer()
    texts = fields.Integer()
    parts = fields.Integer()
    calls = fields.Integer()
    kept_by_agreement = fields.Integer()
    cost_fen = fields.Float()
    wordings = fields.List(fields.Nested(ToldTextSchema))


class TariffChangeSchema(StrictSchema):
    """An announced change."""

    id = fields.Integer()
    kind = fields.String()
    filing_number = fields.String()
    region = fields.String()
    plan_id = fields.Integer(allow_none=True)
    effective_on = Day()
    ends_from = Day(allow_none=True)
    ends_to = Day(allow_none=True)
    monthly_fen = fields.Integer(allow_none=True)
    latest_notice_on = Day()
    warn_from = Day()
    summary = fields.String()
    summary_en = fields.String()
    reason = fields.String()
    override_reason = fields.String(allow_none=True)
    override_by = fields.String(allow_none=True)
    state = fields.String()
    announced_at = Timestamp()
    announced_by = fields.String()
    withdrawn_at = Timestamp(allow_none=True)
    withdrawn_by = fields.String(allow_none=True)
    withdrawal_reason = fields.String(allow_none=True)


class ChangePageSchema(StrictSchema):
    """A page of changes, the latest announced first; `next` is the cursor of the page after it."""

    changes = fields.List(fields.Nested(TariffChangeSchema))
    next = fields.String(allow_none=True)


class CoverageSchema(StrictSchema):
    """How many of those whom a change concerns were told, and when; `as_of` is when that was counted."""

    subscribers = fields.Integer()
    on_time = fields.Integer()
    late = fields.Integer()
    waiting = fields.Integer()
    not_reached = fields.Integer()
    by_text = fields.Integer()
    by_call = fields.Integer()
    to_call = fields.Integer(metadata={"description": "Not told, and a person must call."})
    unwarned = fields.Integer(metadata={"description": "Concerned, and no warning written yet."})
    as_of = Timestamp()


class PriceStepSchema(StrictSchema):
    """A change of one subscriber's price: what was meant, when they were told, when it begins for them."""

    change_id = fields.Integer()
    kind = fields.String()
    new_fen = fields.Integer()
    effective_on = Day()
    told_on = Day(allow_none=True)
    begins_on = Day(allow_none=True)


class SubscriberPriceSchema(StrictSchema):
    """What a subscriber pays on a day, and why."""

    reference = fields.String()
    on = Day()
    monthly_fen = fields.Integer()
    agreed_fen = fields.Integer()
    why = fields.Dict(keys=fields.String(), values=fields.String())
    by = fields.Nested(PriceStepSchema, allow_none=True)
    held_back = fields.List(fields.Nested(PriceStepSchema))
    ahead = fields.List(fields.Nested(PriceStepSchema))
