"""What may be said of a text, and how it is shown."""

from marshmallow import fields

from tracker.fields import Choice, Pattern, StrictSchema, Text
from tracker.templates.models import STATES

_LONGEST = 400


class WordingSchema(StrictSchema):
    """A wording: its parameters in the order in which a provider gets them, Chinese and English."""

    params = fields.List(Pattern(r"[a-z_]{1,20}", 20), required=True)
    zh = Text(_LONGEST, required=True)
    en = Text(_LONGEST, required=True)


class TemplateRequestSchema(WordingSchema):
    """A wording to save, and why."""

    reason = Text(200, required=True)


class WhySchema(StrictSchema):
    """Why a former wording is used again."""

    reason = Text(200, required=True)


class PreviewTemplateSchema(StrictSchema):
    """A wording to look at before it is saved; without one, that which is in force."""

    wording = fields.Nested(WordingSchema, load_default=None, allow_none=True)
    values = fields.Dict(keys=Pattern(r"[a-z_]{1,20}", 20), values=Text(60), load_default=dict)


class ApprovalRequestSchema(StrictSchema):
    """What a provider says of a version."""

    provider = Choice(("twilio", "aliyun"), required=True)
    state = Choice(STATES, required=True)
    provider_code = Text(64, load_default=None, allow_none=True)
    note = Text(200, load_default=None, allow_none=True)


class ApprovalSchema(StrictSchema):
    """The latest word of a provider."""

    provider = fields.String()
    state = fields.String()
    provider_code = fields.String(allow_none=True)


class TemplateSchema(StrictSchema):
    """A wording. `own`: the operator's, and not that for all."""

    code = fields.String()
    version = fields.Integer()
    own = fields.Boolean()
    category = fields.String()
    params = fields.List(fields.String())
    zh = fields.String()
    en = fields.String()
    any_hour = fields.Boolean()
    must_arrive = fields.Boolean()
    approvals = fields.List(fields.Nested(ApprovalSchema))


class TemplateListSchema(StrictSchema):
    """Texts with the wording in force, or all wordings of one."""

    templates = fields.List(fields.Nested(TemplateSchema))


class TextPreviewSchema(StrictSchema):
    """How a text looks, its UTF-16 units, the SMS parts it is billed as, and their price in fen."""

    body = fields.String()
    units = fields.Integer()
    parts = fields.Integer()
    cost_fen = fields.Float()


class PreviewedSchema(StrictSchema):
    """The text in both languages."""

    zh = fields.Nested(TextPreviewSchema)
    en = fields.Nested(TextPreviewSchema)
