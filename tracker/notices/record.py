"""Write down what came of each attempt, a whole batch in a few statements."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import (
    ARRAY,
    BigInteger,
    DateTime,
    Integer,
    String,
    bindparam,
    column,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.sql.selectable import TableValuedAlias
from sqlalchemy.types import TypeEngine

from tracker import clock
from tracker.notices.claimed import Claimed
from tracker.notices.models import Notice, NoticeAttempt
from tracker.notices.rules import State
from tracker.notices.settle import settle
from tracker.notices.verdicts import after_attempt, in_words
from tracker.runtime import Runtime
from tracker.sms.port import Accepted, NotBegun, Outcome

log = structlog.get_logger(__name__)

_DETAIL_LIMIT = 200
_notices, _attempts = Notice.__table__, NoticeAttempt.__table__
_OPEN = [literal_column(f"'{state}'") for state in (State.SENDING, State.UNKNOWN, State.CREATED)]
_now = bindparam("now", type_=DateTime(timezone=True))


def _rows(**columns: type[TypeEngine[Any]]) -> TableValuedAlias:
    """A table of the bound arrays of these names."""
    arrays = [bindparam(f"given_{name}", type_=ARRAY(kind)) for name, kind in columns.items()]
    named = [column(name, kind) for name, kind in columns.items()]
    return func.unnest(*arrays).table_valued(*named, name="given").render_derived()


_back = _rows(notice=BigInteger, attempt=Integer)
_PUT_BACK = (
    update(_notices)
    .where(
        _notices.c.id == _back.c.notice,
        _notices.c.attempts == _back.c.attempt,
        # Unknown, if the lease ran out meanwhile: but nothing was sent by this attempt.
        _notices.c.state.in_(_OPEN[:2]),
    )
    .values(state=State.CREATED, attempts=_notices.c.attempts - 1, misses=0, lease_until=None)
)

_tried = _rows(operator=Integer, notice=BigInteger, provider=String, outcome=String, detail=String)
_ATTEMPTS = insert(_attempts).from_select(
    ["operator_id", "notice_id", "provider", "outcome", "detail", "at"],
    select(
        _tried.c.operator,
        _tried.c.notice,
        _tried.c.provider,
        _tried.c.outcome,
        _tried.c.detail,
        _now,
    ),
)


def record(runtime: Runtime, batch: Sequence[Claimed], outcomes: Sequence[Outcome | NotBegun]) -> None:
    """Write down what came of each attempt, in one transaction.

    One that was not begun is due again as if it had not been claimed: no attempt of it is used up.
    """
    now, grace = clock.now(), timedelta(seconds=runtime.config.unknown_grace)
    verdicts, tried, back = {}, [], []
    # In one order everywhere, so that two workers never wait for each other's rows.
    for claimed, outcome in sorted(zip(batch, outcomes, strict=True), key=lambda pair: pair[0].sms.notice_id):
        notice_id = claimed.sms.notice_id
        if isinstance(outcome, NotBegun):
            back.append((notice_id, claimed.attempt))
            continue
        word, detail = in_words(outcome)
        tried.append((claimed.operator_id, notice_id, claimed.provider, word, detail[:_DETAIL_LIMIT]))
        chance = random.random()  # noqa: S311 - spreads load, guards nothing
        verdict = after_attempt(outcome, claimed.attempt, now, grace, chance)
        verdicts[notice_id, claimed.attempt] = replace(verdict, outcome=word)
        if not isinstance(outcome, Accepted):
            log.warning("text_not_accepted", notice=notice_id, outcome=word, detail=detail)
    with runtime.db.transaction() as connection:
        settle(connection, verdicts, now)
        if back:
            connection.execute(_PUT_BACK, _columns("notice attempt", back))
        if tried:
            names = "operator notice provider outcome detail"
            connection.execute(_ATTEMPTS, {"now": now, **_columns(names, tried)})


def _columns(names: str, rows: Sequence[tuple[Any, ...]]) -> dict[str, list[Any]]:
    arrays = [list(values) for values in zip(*rows, strict=True)]
    return {f"given_{name}": array for name, array in zip(names.split(), arrays, strict=True)}
