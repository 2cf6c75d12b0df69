"""The list of complaints as a file, by the filters that the page stands at."""

from typing import Any

from flask import request, url_for
from flask_babel import gettext

from tracker.complaints import export_complaints
from tracker.pages import complaint_words
from tracker.pages.access import AT_DESK, open_to, runtime
from tracker.pages.complaints import wanted_of
from tracker.pages.list_files import list_file
from tracker.pages.signing_in import blueprint, signed_in

_WIDTHS = (18, 18, 12, 12, 20, 14, 12, 14, 14, 20, 40, 14, 12)


@blueprint.get("/complaints.<any(csv, xlsx):form>")
@open_to(*AT_DESK)
def complaints_file(form: str) -> Any:
    """What the list shows, all pages of it; what customers wrote is not in it."""
    person = signed_in()
    wanted, _ = wanted_of(person)
    pages = export_complaints.pages(runtime().db, person.operator_id or 0, wanted, _words())
    return list_file(
        form,
        "complaints",
        gettext("投诉"),
        _head(),
        _WIDTHS,
        pages,
        too_many="complaint.too_many_rows",
        back=url_for("staff.complaints", **request.args.to_dict()),
    )


def _head() -> tuple[str, ...]:
    return (
        gettext("投诉编号"),
        gettext("订单号"),
        gettext("投诉事项"),
        gettext("来源"),
        gettext("收到时间"),
        gettext("答复期限"),
        gettext("状态"),
        gettext("负责人"),
        gettext("下次跟进"),
        gettext("结束时间"),
        gettext("办结结果"),
        gettext("是否在网点解决"),
        gettext("客户满意度"),
    )


def _words() -> export_complaints.Words:
    """In the language of the page; looked up now, because the lines are made after the request."""
    named = (
        complaint_words.SOURCE_WORDS,
        complaint_words.TOPIC_WORDS,
        complaint_words.STANDING_WORDS,
        complaint_words.SATISFACTION_WORDS,
    )
    translated = {word: gettext(word) for words in named for word in words.values()}
    return export_complaints.Words(*named, gettext("是"), gettext("否"), translated.__getitem__)
