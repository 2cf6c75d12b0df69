"""One attempt under what its batch is sent under."""

from collections.abc import Callable

from tracker.sms.port import NotBegun, Outcome, Sms, Stop


def attempt(send: Callable[[Sms], Outcome], sms: Sms, until: Stop | None) -> Outcome | NotBegun:
    """Send unless `until` has a reason not to, and let it see what came of it."""
    if until is None:
        return send(sms)
    if (reason := until.reason()) is not None:
        return NotBegun(reason)
    outcome = send(sms)
    until.saw(outcome)
    return outcome
