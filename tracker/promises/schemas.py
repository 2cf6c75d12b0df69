"""What may be said of promise rules and calendar days, and how they are shown."""

from marshmallow import fields

from tracker.fields import Choice, Day, Flag, Pattern, StrictSchema, Text, TimeOfDay, Timestamp, Whole
from tracker.promises.rules import ANY, Unit

_LONGEST = 1000


class RuleDraftSchema(StrictSchema):
    """A rule as it might be published. `amount` counts `unit`s; times are of the city's clocks."""

    customer_kind = Choice(("home", "enterprise"), required=True)
    product = Text(30, load_default=ANY)
    area = Choice(("urban", "rural", ANY), load_default=ANY)
    resource = Choice(("ready", "needs_building", "survey", ANY), load_default=ANY)
    amount = Whole(1, _LONGEST, required=True)
    unit = Choice([unit.value for unit in Unit], required=True)
    cut_off = TimeOfDay(load_default=None, allow_none=True)
    end_of_day = TimeOfDay(load_default=None, allow_none=True)
    late_counts_as_next_day = Flag(load_default=False)
    valid_from = Day(required=True)
    valid_to = Day(load_default=None, allow_none=True)
    remark = Text(120, load_default="")


class RuleRequestSchema(RuleDraftSchema):
    """A rule to publish, and why."""

    reason = Text(200, required=True, metadata={"description": "Why the rule is published."})


class RuleVersionSchema(StrictSchema):
    """Another limit for the orders of a rule, and why."""

    amount = Whole(1, _LONGEST, required=True)
    unit = Choice([unit.value for unit in Unit], required=True)
    cut_off = TimeOfDay(load_default=None, allow_none=True)
    end_of_day = TimeOfDay(load_default=None, allow_none=True)
    late_counts_as_next_day = Flag(load_default=False)
    valid_from = Day(required=True)
    valid_to = Day(load_default=None, allow_none=True)
    remark = Text(120, load_default="")
    reason = Text(200, required=True)


class CeilingSchema(StrictSchema):
    """A longest limit of the city, and what says so."""

    customer_kind = Choice(("home", "enterprise"), required=True)
    product = Text(30, load_default=ANY)
    area = Choice(("urban", "rural", ANY), load_default=ANY)
    resource = Choice(("ready", "needs_building", "survey", ANY), load_default=ANY)
    amount = Whole(1, _LONGEST, required=True)
    unit = Choice([unit.value for unit in Unit], required=True)
    end_of_day = TimeOfDay(load_default=None, allow_none=True)
    source = Text(120, required=True)


class RuleEndSchema(StrictSchema):
    """The last day that a rule is in force."""

    last_day = Day(required=True)
    reason = Text(200, required=True)


class ReasonSchema(StrictSchema):
    """Why something is taken back."""

    reason = Text(120, required=True)


class RuleChangeSchema(StrictSchema):
    """What became of a rule."""

    kind = fields.String()
    last_day = Day(allow_none=True)
    reason = fields.String()
    actor = fields.String()
    at = Timestamp()


class RuleSchema(StrictSchema):
    """A promise rule as published."""

    id = fields.Integer()
    version = fields.Integer()
    customer_kind = fields.String()
    product = fields.String()
    area = fields.String()
    resource = fields.String()
    amount = fields.Integer()
    unit = fields.String()
    cut_off = TimeOfDay(allow_none=True)
    end_of_day = TimeOfDay(allow_none=True)
    late_counts_as_next_day = fields.Boolean()
    valid_from = Day()
    valid_to = Day(allow_none=True)
    withdrawn_at = Timestamp(allow_none=True)
    remark = fields.String()


class RuleWithChangesSchema(RuleSchema):
    """A promise rule with its history, oldest change first."""

    changes = fields.List(fields.Nested(RuleChangeSchema))


class RuleListSchema(StrictSchema):
    """Rules, the most general first."""

    rules = fields.List(fields.Nested(RuleSchema))


class OverrideRequestSchema(StrictSchema):
    """A day to set otherwise than announced. Without a county it is set for all of them."""

    day = Day(required=True)
    working = Flag(required=True)
    county_code = Pattern(r"[0-9]{6}", 6, load_default=None, allow_none=True)
    name = Text(40, required=True)
    name_en = Text(60, load_default=None, allow_none=True)
    source = Text(
        120, required=True, metadata={"description": "The notice or order that says so, with its number."}
    )


class OverrideSchema(StrictSchema):
    """A day that was set by a person. `for_all`: for every operator."""

    id = fields.Integer()
    day = Day()
    working = fields.Boolean()
    county_code = fields.String(allow_none=True)
    for_all = fields.Function(lambda row: row["operator_id"] is None, metadata={"type": "boolean"})
    name = fields.String()
    name_en = fields.String()
    source = fields.String()
    actor = fields.String()
    at = Timestamp()


class OverrideListSchema(StrictSchema):
    """Overrides that stand, by day."""

    overrides = fields.List(fields.Nested(OverrideSchema))


class RestDaySchema(StrictSchema):
    """Days off in a row, of one name; the name is empty for a plain weekend."""

    first = Day()
    last = Day()
    name = fields.String()
    name_en = fields.String()


class CalendarSchema(StrictSchema):
    """Which days are worked in a stretch of days, as the operator counts in a county."""

    certain_until = Day(metadata={"description": "Days after it may be changed by a notice to come."})
    announced_years = fields.List(fields.Integer())
    rest_days = fields.List(fields.Nested(RestDaySchema))
    make_up_days = fields.List(Day())
