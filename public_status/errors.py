"""Pages for what goes wrong: what happened, what to do next, whom to call."""

import traceback
from dataclasses import dataclass

import structlog
from flask import Flask, Response, make_response, request
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from public_status import embedding
from public_status.keeper import NothingToShowError
from public_status.limits import TooOftenError
from public_status.spoken import render
from tracker.orders.standing import N_

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Trouble:
    """What a page says of a failure: a title and what to do next."""

    title: str
    advice: str


_TROUBLES = {
    404: Trouble(N_("没有这个页面"), N_("网址可能有误，或页面已经移走。")),
    405: Trouble(N_("不能这样打开此页"), N_("请回到首页，重新查询。")),
    413: Trouble(N_("提交的内容过多"), N_("请回到首页，只填写订单号和手机号后四位。")),
    429: Trouble(N_("查询过于频繁"), N_("请稍等一分钟再试。急需了解进度，请直接拨打客服热线。")),
    500: Trouble(N_("系统出错了"), N_("问题已经记录，您的订单不受影响。请稍后再试，或拨打客服热线。")),
    503: Trouble(
        N_("系统暂时不可用"),
        N_("现在查不到进度，这不表示您的订单有问题。请过几分钟再试，或拨打客服热线。"),
    ),
}
_OTHER = Trouble(N_("请求无法处理"), N_("请回到首页，重新查询。"))
_GUESSED_TOO_OFTEN = Trouble(
    N_("这个订单号暂时不能查询"),
    N_("后四位输错次数过多。请30分钟后再试，或直接拨打客服热线。"),
)

_NOTHING_TO_SHOW = Trouble(
    N_("公示内容暂时不可用"),
    N_("请过几分钟再试，或拨打客服热线咨询。"),
)

_RETRY_AFTER = {429: "60", 503: "30"}


def register(app: Flask) -> None:
    """A page for every failure. None of them needs the database."""

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Response:
        if isinstance(error, TooOftenError):
            trouble = _GUESSED_TOO_OFTEN if error.locked else _TROUBLES[429]
            return _page(trouble, 429, retry_after=str(error.retry_after))
        if error.code is None or error.code < 400:
            return make_response(error.get_response())
        response = _page(_TROUBLES.get(error.code, _OTHER), error.code)
        if isinstance(error, MethodNotAllowed):
            response.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
        return response

    @app.errorhandler(NothingToShowError)
    def nothing_to_show(_error: NothingToShowError) -> Response:
        return _page(_NOTHING_TO_SHOW, 503)

    @app.errorhandler(SQLAlchemyError)
    def no_database(error: SQLAlchemyError) -> Response:
        # Neither statement nor parameters: they hold what was asked for.
        cause = type(error.orig).__name__ if isinstance(error, DBAPIError) and error.orig else None
        log.error("database_failed", error=type(error).__name__, cause=cause, at=_places(error))
        status = 503 if isinstance(error, _AWAY) else 500
        return _page(_TROUBLES[status], status)

    @app.errorhandler(Exception)
    def broken(error: Exception) -> Response:
        log.error("page_failed", error=type(error).__name__, at=_places(error))
        return _page(_TROUBLES[500], 500)


# Not reachable, shutting down, out of connections, or too slow; not a fault in a statement.
_AWAY = (OperationalError, InterfaceError, PoolTimeoutError)


def _places(error: BaseException) -> list[str]:
    """Where it happened, without the values: those may be somebody's number and digits."""
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]


def _page(trouble: Trouble, status: int, *, retry_after: str | None = None) -> Response:
    if request.path == embedding.PATH:
        response = embedding.trouble(status, locked=trouble is _GUESSED_TOO_OFTEN)
    else:
        response = make_response(render("error.html", trouble=trouble, status=status), status)
    wait = retry_after or _RETRY_AFTER.get(status)
    if wait:
        response.headers["Retry-After"] = wait
    return response
