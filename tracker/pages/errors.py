"""What staff see when a page cannot be shown: what happened and what to do next."""

from flask import Response, make_response, render_template

from tracker.orders.standing import N_
from tracker.pages.typed_before import Typed

_TITLES = {
    400: N_("页面已过期"),
    403: N_("没有权限"),
    404: N_("没有这个页面"),
    413: N_("文件过大"),
    429: N_("操作过于频繁"),
    503: N_("系统暂时不可用"),
}
_ADVICE = {
    400: N_("请返回上一页刷新后重试。"),
    403: N_("您的账号不能查看此页。需要时请联系本单位管理员。"),
    404: N_("请检查地址，或回到首页。"),
    413: N_("请把文件分成几个再上传。"),
    429: N_("请稍后再试。"),
    503: N_("数据没有丢失，请稍后刷新。长时间不恢复请联系系统管理员。"),
}


def of_status(status: int) -> Response:
    """The page of an HTTP status, also where the database is what failed."""
    title = _TITLES.get(status, N_("页面出错了"))
    advice = _ADVICE.get(status, N_("问题已记录。请返回重试，或联系系统管理员。"))
    page = render_template("staff/error.html", title=title, advice=advice, status=status)
    return make_response(page, status)


def form_too_late(status: int, *, back: str, is_in: bool, typed: Typed) -> Response:
    """The page for a form that was sent after its session had ended; nothing of it was stored.

    `typed` is what was typed, by field, to be copied. `back` leads to the form again, by way of signing in
    where that is needed.
    """
    page = render_template("staff/form_too_late.html", back=back, is_in=is_in, typed=typed)
    return make_response(page, status)
