"""Whether a text may be sent once more, or told by a person: pure decisions."""

from collections.abc import Collection

from tracker.notices.rules import State, Why
from tracker.templates.rules import Category
from tracker.templates.seed import SEED

# Attempts by which surely nothing went out (`verdicts.in_words`).
_NOTHING_SENT = frozenset({"not_sent", "refused_number", "refused_content", "refused_account"})
# A call in the place of a text that failed; whoever is called for another reason gets no text.
_AFTER_A_TEXT = frozenset({Why.REFUSED, Why.UNDELIVERED, Why.EXHAUSTED, Why.ASKED})
_MAY_HAVE_GONE = frozenset({State.SENDING, State.ACCEPTED, State.UNKNOWN})


def fault_of_sending(
    state: State,
    *,
    attempts: int,
    outcomes: Collection[str],
    was_accepted: bool,
    reasons: Collection[str],
    told: bool,
    is_retry: bool,
    has_retry: bool,
    has_number: bool,
    template: str,
) -> str | None:
    """The rule, as an id of `tracker.problems`, that forbids to send it again; None where it may be.

    `attempts`: how often it was tried, `outcomes`: what came of that as far as anybody could write it down;
    `was_accepted`: a provider took it at some time; `reasons`: why calls were asked for; `told`: a call has
    reached the customer; `is_retry`, `has_retry`: of two texts of which the second tries the first once more.
    """
    if has_retry or is_retry:
        return "notice.sent_again_already"
    if state in _MAY_HAVE_GONE:
        return "notice.may_have_gone"
    wanted = state in (State.UNDELIVERED, State.CALL) and not told and has_number and not is_code(template)
    if not wanted or not {Why(reason) for reason in reasons} <= _AFTER_A_TEXT:
        return "notice.not_to_be_sent"
    if state is State.UNDELIVERED:
        # The provider's own final word.
        return None
    # A worker that died in between wrote nothing down.
    surely_not = not was_accepted and len(outcomes) == attempts and set(outcomes) <= _NOTHING_SENT
    return None if surely_not else "notice.may_have_gone"


def fault_of_calling(
    state: State,
    *,
    call_open: bool,
    told: bool,
    retry: tuple[State, int] | None,
    has_number: bool,
    template: str,
) -> str | None:
    """The rule that forbids to have a person call about it; None where one may.

    `retry`: state and attempts of the text that tries it once more, if there is one: unless that has not
    been tried yet, whoever looks after it looks after that one.
    """
    if call_open:
        return "notice.call_open"
    if state is State.SENDING or (retry is not None and retry[0] is State.SENDING):
        return "notice.on_its_way"
    if retry is not None and (retry[0] not in (State.CREATED, State.CANCELLED) or retry[1]):
        return "notice.sent_again_already"
    ended = state in (State.DELIVERED, State.CANCELLED)
    if ended or told or not has_number or is_code(template):
        return "notice.not_to_be_called"
    return None


def is_code(template: str) -> bool:
    """A one-time code is nobody's to read but its owner's, and of no use later."""
    return template in SEED and SEED[template].category is Category.CODE
