"""Words of reports on the pages: states, what was done, who did it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select

from tracker.orders.standing import N_
from tracker.pages.complaint_words import who_did
from tracker.reports.rules import Event, State
from tracker.staff.models import Account

STATE_WORDS = {
    State.DRAFT: N_("草稿"),
    State.OFFERED: N_("待审核"),
    State.APPROVED: N_("已审核"),
    State.SUBMITTED: N_("已报送"),
}
STATE_TONES = {
    State.DRAFT: "quiet",
    State.OFFERED: "warning",
    State.APPROVED: "accent",
    State.SUBMITTED: "accent",
}
EVENT_WORDS = {
    Event.BEGUN: N_("建立报告"),
    Event.CORRECTED: N_("建立更正版次"),
    Event.ASKED: N_("要求重新生成"),
    Event.BUILT: N_("生成完成"),
    Event.FAILED: N_("生成失败"),
    Event.OFFERED: N_("送审"),
    Event.APPROVED: N_("审核通过"),
    Event.RETURNED: N_("退回修改"),
    Event.SUBMITTED: N_("报送"),
}
DONE_WORDS = {
    Event.ASKED: N_("已开始重新生成。"),
    Event.OFFERED: N_("已送审，请另一位人员审核。"),
    Event.APPROVED: N_("已审核通过，可以报送。"),
    Event.RETURNED: N_("已退回修改。"),
    Event.SUBMITTED: N_("已报送，内容已冻结。"),
}


def names_of(connection: Connection, operator_id: int | None) -> dict[str, str]:
    """The names of those who may have worked on a report, by user name."""
    wanted = select(Account.username, Account.display_name).where(
        Account.operator_id.is_not_distinct_from(operator_id)
    )
    return {row.username: row.display_name for row in connection.execute(wanted)}


def line_of(event: Any, names: Mapping[str, str]) -> dict[str, Any]:
    """A line of a report's history."""
    who, ours = who_did(event.actor, {}, names)
    return {
        "word": EVENT_WORDS[Event(event.kind)],
        "who": who,
        "ours": ours,
        "at": event.at,
        "words": event.words,
        "digest": event.digest,
        "version": event.version,
    }
