"""What the desk asks of an order beside what channels do: its return, a decision, another contact."""

from tracker.fields import Choice, Phone, StrictSchema, Text
from tracker.orders.rules import REASONS

LONGEST_WORDS = 200


class ReturnRequestSchema(StrictSchema):
    """That an order be returned, and why; `evidence` refers to a document kept elsewhere."""

    reason_code = Choice(tuple(REASONS), required=True)
    reason_text = Text(200, load_default=None)
    evidence = Text(200, load_default=None)


class DecisionSchema(StrictSchema):
    """What somebody says who decides on what another asked for."""

    words = Text(LONGEST_WORDS, load_default=None)


class ContactChangeSchema(StrictSchema):
    """What is to stand in an order from now on; what is not given stays. `reason` goes into the history."""

    name = Text(60)
    phone = Phone()
    address_detail = Text(120)
    notify_by = Choice(("text", "call"))
    language = Choice(("zh", "en"))
    reason = Text(100, required=True)
