"""By which rules each use case may refuse, for the API's description.

Only those of the use case itself: what follows from headers, fields and addresses is added by
`tracker.api.document`. The tests of the API check every refusal that they meet against these.
"""

_ORDER = ("order.not_found",)
_PLAN = ("plan.not_found",)
_CURSOR = ("cursor.malformed",)
# Of lists in the order in which they were written (`tracker.orders.positions`).
_PLACE = (*_CURSOR, "cursor.ahead")

# Orders.
PLACING = (
    "order.unknown_community",
    "order.unknown_plan",
    "order.plan_audience",
    "credit_code.not_enterprise",
    "order.no_promise_rule",
    "order.accepted_in_future",
    "order.accepted_too_old",
    "order.duplicate_reference",
)
READING_ORDERS = _PLACE
READING_EVENTS = _PLACE
READING_AN_ORDER = _ORDER
MOVING = (
    *_ORDER,
    "order.illegal_move",
    "order.in_the_future",
    "order.before_last_stage",
    "order.reason_required",
    "order.reason_text_required",
    "order.appointment_required",
    "order.appointment_not_expected",
    "order.appointment_times",
    "real_name.missing",
)
RECORDING_A_CHECK = (
    *_ORDER,
    "real_name.order_done",
    "real_name.reference_required",
    "real_name.reference_personal",
    "real_name.reason_required",
    "real_name.reason_not_expected",
    "real_name.reason_text_required",
    "real_name.text_personal",
    "real_name.waiver",
)

# Their visits.
AGREEING = (
    *_ORDER,
    "order.reason_text_required",
    "order.appointment_times",
    "appointment.one_of",
    "appointment.not_now",
    "appointment.no_change",
    "slot.not_found",
    "slot.closed",
    "slot.full",
    "slot.too_late",
)

# Their money.
_FEE = (*_ORDER, "fee.words_required", "fee.too_early")
PAYING = (
    *_FEE,
    "payment.nothing",
    "payment.in_the_future",
    "payment.refund_exceeds",
    "payment.duplicate_reference",
)
CHARGING = (
    *_FEE,
    "charge.nothing",
    "charge.in_the_future",
    "charge.reason_required",
    "charge.due_on_not_expected",
    "charge.due_before_charged",
    "charge.due_too_far",
    "charge.waiver_exceeds",
    "charge.order_ended",
    "charge.duplicate_reference",
)

# Files of orders. What is wrong with their rows is told when one asks after them.
SENDING_A_FILE = ("order_file.media_type", "order_file.too_large", "order_file.empty")
READING_A_FILE = ("order_file.not_found",)
FETCHING_FAILED_ROWS = (*READING_A_FILE, "order_file.no_failed_rows")

# Webhooks.
_TARGET = (
    "webhook.url",
    "webhook.https",
    "webhook.credentials",
    "webhook.port",
    "webhook.unresolved",
    "webhook.private_address",
)
SETTING_UP_A_WEBHOOK = (*_TARGET, "webhook.too_many")
READING_A_WEBHOOK = ("webhook.not_found",)
CHANGING_A_WEBHOOK = (*READING_A_WEBHOOK, *_TARGET)
READING_DELIVERIES = (*READING_A_WEBHOOK, *_CURSOR)
READING_A_DELIVERY = (*READING_A_WEBHOOK, "delivery.not_found")
SENDING_AGAIN = (*READING_A_DELIVERY, "delivery.open")

# Their promises.
HOLDING = (
    *_ORDER,
    "promise.order_done",
    "hold.cause",
    "hold.end_before_start",
    "hold.already_over",
    "hold.too_far_ahead",
    "hold.evidence_required",
)
LIFTING = (*_ORDER, "promise.order_done", "hold.not_held", "hold.lift_in_future")
PROMISING_ANEW = (
    *_ORDER,
    "promise.order_done",
    "order.no_promise_rule",
    "repromise.one_of",
    "repromise.nothing_new",
    "repromise.not_later",
    "repromise.too_far",
    "repromise.contact_required",
)
EXCUSING = (
    *_ORDER,
    "promise.order_done",
    "excuse.cause",
    "excuse.end_before_start",
    "excuse.in_the_future",
    "excuse.before_acceptance",
    "excuse.after_connection",
    "excuse.overlaps",
    "order.reason_text_required",
)
READING_AN_EXCUSE = (*_ORDER, "excuse.not_found")
_RULE_DRAFT = ("promise_rule.period", "promise_rule.hours_run_through", "promise_rule.overlap")
PREVIEWING_A_PROMISE = (
    "order.unknown_community",
    "order.unknown_plan",
    "order.no_promise_rule",
    *_RULE_DRAFT,
)

# Promise rules and the calendar.
READING_A_RULE = ("promise_rule.not_found",)
PUBLISHING_A_RULE = (*_RULE_DRAFT, "promise_rule.begins_in_past", "promise_rule.above_ceiling")
ENDING_A_RULE = (
    "promise_rule.not_found",
    "promise_rule.ended",
    "promise_rule.ends_in_past",
    "promise_rule.period",
    "promise_rule.overlap",
)
WITHDRAWING_A_RULE = ("promise_rule.not_found", "promise_rule.in_use", "promise_rule.ended")
READING_THE_CALENDAR = ("calendar.day_out_of_range", "calendar.unknown_county")
SETTING_A_DAY = ("calendar.day_out_of_range", "calendar.unknown_county", "calendar.already_overridden")
FREEING_A_DAY = ("calendar.override_not_found",)

# Plans.
READING_PLANS = _CURSOR
READING_A_PLAN = _PLAN
DRAFTING = ("plan.unknown_region",)
EDITING = (*_PLAN, "plan.not_draft", "plan.unknown_region")
PREVIEWING_A_PLAN = (*_PLAN, "plan.not_draft")
PUBLISHING = (
    *_PLAN,
    "plan.not_draft",
    "plan.unknown_region",
    "plan.services_required",
    "plan.restrictions_required",
    "plan.begins_in_past",
    "plan.period",
    "plan.overlap",
)
TAKING_OFF_SALE = (
    *_PLAN,
    "plan.withdrawn",
    "plan.ended",
    "plan.ends_in_past",
    "plan.ends_too_late",
    "plan.belongs_to_change",
)
RESUMING = (*_PLAN, "plan.not_withdrawn", "plan.ended", "plan.overlap", "plan.change_withdrawn")
COPYING = _PLAN

# Announced changes, and what they come to.
ANNOUNCING = (
    "tariff_change.unknown_plan",
    "tariff_change.words",
    "tariff_change.no_change",
    "tariff_change.field_required",
    "tariff_change.field_not_expected",
    "tariff_change.price_elsewhere",
    "tariff_change.fixed_field",
    "tariff_change.period",
    "tariff_change.effective_in_past",
    "tariff_change.too_far",
    "tariff_change.too_near",
    "tariff_change.term_overlap",
    "tariff_change.duplicate",
    "plan.services_required",
    "plan.restrictions_required",
    "plan.begins_in_past",
    "plan.period",
    "plan.overlap",
)
READING_CHANGES = _CURSOR
READING_A_CHANGE = ("tariff_change.not_found",)
WITHDRAWING_A_CHANGE = (
    "tariff_change.not_found",
    "tariff_change.withdrawn",
    "tariff_change.already_effective",
)
EXPORTING_A_WORKBOOK = ("tariff_change.not_found", "tariff_change.too_many_rows")

# Subscriptions.
READING_A_SUBSCRIPTION = ("subscriber.not_found",)
SUBSCRIBING = (
    "subscriber.unknown_plan",
    "subscriber.region_required",
    "subscriber.plan_not_in_force",
    "subscriber.begins_ahead",
    "subscriber.days_reversed",
    "subscriber.ends_too_far_ahead",
    "subscriber.agreed_in_part",
    "subscriber.agreed_before_start",
    "subscriber.reference_tells_phone",
    "subscriber.differs",
)
ENDING_A_SUBSCRIPTION = (
    "subscriber.not_found",
    "subscriber.ended",
    "subscriber.days_reversed",
    "subscriber.ends_too_far_ahead",
)
UPDATING_A_SUBSCRIPTION = (
    "subscriber.not_found",
    "subscriber.ended",
    "subscriber.nothing_said",
    "subscriber.agreed_in_part",
    "subscriber.agreed_before_start",
    "subscriber.reference_tells_phone",
)

# Texts, wishes, calls and receipts.
READING_A_TEXT = ("template.not_found",)
WORDING = (
    "template.not_found",
    "template.not_given",
    "template.unknown_parameter",
    "template.repeated_parameter",
    "template.parameters_differ",
    "template.braces",
    "template.signature",
    "template.refused_character",
    "template.link",
    "template.advertising",
    "template.too_long",
    "template.required_parameter",
)
READING_CALLS = _CURSOR
READING_A_CALL = ("call.not_found",)
CALLING = (
    "call.not_found",
    "call.closed",
    "call.in_the_future",
    "call.before_the_task",
    "call.time_required",
    "call.time_not_expected",
    "call.time",
)
RECEIVING = ("callback.not_genuine",)
