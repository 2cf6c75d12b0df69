"""What an entry of the audit trail says: pure decisions."""

from enum import StrEnum


class Action(StrEnum):
    """What somebody did with personal data or with accounts."""

    SAW = "saw"  # a field in clear; what stands behind a mask is not seen
    CHANGED = "changed"
    SOUGHT = "sought"  # orders by somebody's phone, whose data stayed behind masks
    GRANTED = "granted"  # an account, a role, a reset
    REVOKED = "revoked"
