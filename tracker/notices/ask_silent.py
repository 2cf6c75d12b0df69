"""Ask about accepted texts that no receipt has spoken of."""

from collections.abc import Sequence

from sqlalchemy import ARRAY, String, any_, bindparam, select, update

from tracker import clock
from tracker.notices.apply_receipts import apply_receipts
from tracker.notices.ask import Asking
from tracker.notices.claim import TEMPLATE, TEXT
from tracker.notices.models import Notice
from tracker.notices.rules import State
from tracker.notices.verdicts import FINAL, ask_again
from tracker.runtime import Runtime
from tracker.sms.port import Finding, Found, Receipt, Standing

_ASK_AT_MOST = 200
_FORGET_AT_MOST = 5000

_notices = Notice.__table__
_SILENT = (
    select(*TEXT, *TEMPLATE, _notices.c.provider, _notices.c.sending_at, _notices.c.accepted_at)
    .where(
        _notices.c.state == State.ACCEPTED,
        _notices.c.ask_at <= bindparam("now"),
        _notices.c.provider == any_(bindparam("gateways", type_=ARRAY(String))),
    )
    .order_by(_notices.c.ask_at)
    .limit(_ASK_AT_MOST)
)
_ASK_AGAIN = (
    update(_notices)
    .where(_notices.c.id == bindparam("notice"), _notices.c.state == State.ACCEPTED)
    .values(ask_at=bindparam("again_at", type_=_notices.c.ask_at.type))
)


def ask_silent(runtime: Runtime, asking: Asking) -> int:
    """Ask about each that is due to be asked about; returns how many have come to an end.

    Nobody else than its own provider can tell, and one that gives no receipts is not known to tell more.
    """
    telling = [name for name, gateway in runtime.routes.gateways.items() if gateway.gives_receipts]
    _forget(runtime, telling)
    if not telling:
        return 0
    with runtime.db.reading() as connection:
        silent = connection.execute(_SILENT, {"now": clock.now(), "gateways": telling}).all()
    ended = 0
    for row in silent:
        if asking.is_over:
            break
        receipt = _as_receipt(row.id, asking.about(row))
        if receipt is not None and apply_receipts(runtime, row.provider, [receipt]):
            ended += 1
            continue
        again_at = ask_again(row.accepted_at, clock.now())
        with runtime.db.transaction() as connection:
            connection.execute(_ASK_AGAIN, {"notice": row.id, "again_at": again_at})
    return ended


def _as_receipt(notice_id: int, finding: Finding) -> Receipt | None:
    """An answer that says how the text ended, as the proof that it is; None for any other."""
    if not isinstance(finding, Found) or finding.state not in FINAL:
        return None
    standing = Standing(finding.state)
    return Receipt(notice_id, finding.reference, standing, finding.state, raw={"asked": "true"})


def _forget(runtime: Runtime, telling: Sequence[str]) -> None:
    """Ask no more where there is nobody to ask: providers of old, or those without receipts."""
    due = (
        select(_notices.c.id)
        .where(
            _notices.c.state == State.ACCEPTED,
            _notices.c.ask_at <= clock.now(),
            _notices.c.provider.not_in(telling),
        )
        .order_by(_notices.c.id)
        .limit(_FORGET_AT_MOST)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    with runtime.db.transaction() as connection:
        connection.execute(update(_notices).where(_notices.c.id == due.c.id).values(ask_at=None))
