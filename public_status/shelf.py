"""Rendered open pages, kept while what they show stands, and answered before Flask is asked.

An open page is the same for everybody who asks for it in the same language and letter size. So it is
rendered once: for a request that is reduced to what the page depends on, from one snapshot, for one day.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

import structlog
from flask import request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.http import parse_cookie

from public_status import preferences
from public_status.keeper import Current, Keeper, NothingToShowError
from public_status.published import Snapshot
from public_status.rendered import Environ, Headers, Rendered, made
from tracker import clock

log = structlog.get_logger(__name__)

_SHOWN = "public_status.shown"
_ROUTE = "public_status.route"

_MOST_PAGES = 1000
_MOST_BYTES = 16 * 2**20
_LONGEST_QUERY = 2000
_LONGEST_VALUE = 80
_MOST_VALUES = 8

StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]
Key = tuple[str, str, str, bool]


@dataclass(frozen=True)
class Shown:
    """What a page is made of. `as_of` is set where nothing later is known, the database being away.

    `turned_at` is the last moment at which something came to stand otherwise by the clock alone: an outage
    began, or was to end, or it was midnight. A page that is kept tells how things stand since then.
    """

    snapshot: Snapshot
    today: date
    turned_at: datetime
    as_of: datetime | None = None


@dataclass(frozen=True)
class Kind:
    """What an open page depends on: names in its address (`many`: with several values each), and
    whether it is for people, so that their language and letter size, and the day, matter too.
    """

    names: tuple[str, ...] = ()
    many: tuple[str, ...] = ()
    for_people: bool = True


def shown() -> Shown:
    """What the page that is being made shows. Raises NothingToShowError where there is nothing."""
    given: Shown | None = request.environ.get(_SHOWN)
    if given is None:
        raise NothingToShowError
    return given


def is_made_for_the_shelf() -> bool:
    """Whether the shelf asks, which writes the line of the log itself; it learns the route here."""
    if _SHOWN not in request.environ:
        return False
    request.environ[_ROUTE] = request.url_rule.rule if request.url_rule else None
    return True


class Shelf:
    """Stands before the site's app and answers for its open pages."""

    def __init__(self, keeper: Keeper, *, secure: bool) -> None:
        self._keeper = keeper
        self._secure = secure
        self._kinds: dict[str, Kind] = {}
        self._below: dict[str, Kind] = {}
        self._lock = threading.Lock()
        self._edition: Shown | None = None
        self._pages: OrderedDict[Key, Rendered] = OrderedDict()
        self._bytes = 0

    def add(self, path: str, kind: Kind) -> None:
        """An open page; a path that ends in a stroke, the front page's apart, names all that lie below it."""
        (self._below if path.endswith("/") and path != "/" else self._kinds)[path] = kind

    def __len__(self) -> int:
        return len(self._pages)

    def before(self, app: Application) -> Application:
        """The app with the shelf before it."""

        def answer(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
            kind = self._kind_of(environ)
            current = None if kind is None else self._current()
            if kind is None or current is None:
                return app(environ, start_response)
            began = time.monotonic()
            what = _shown_at(clock.now(), current)
            route, status, headers, body = self._answer(app, environ, kind, what)
            start_response(status, headers)
            log.info(
                "request",
                method=environ["REQUEST_METHOD"],
                route=route,
                status=int(status[:3]),
                ms=round((time.monotonic() - began) * 1000, 1),
            )
            return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

        return answer

    def _kind_of(self, environ: Environ) -> Kind | None:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return None
        path = environ.get("PATH_INFO", "")
        found = self._kinds.get(path)
        if found is None:
            found = next((kind for start, kind in self._below.items() if path.startswith(start)), None)
        return found

    def _current(self) -> Current | None:
        """What may be shown; None where the app has to say that there is nothing."""
        try:
            return self._keeper.current()
        except NothingToShowError:
            return None
        except SQLAlchemyError as error:
            log.error("database_failed", error=type(error).__name__)
            return None

    def _answer(
        self, app: Application, environ: Environ, kind: Kind, what: Shown
    ) -> tuple[str | None, str, Headers, bytes]:
        """Route, status, headers and body."""
        query, wishes = _reduced(environ.get("QUERY_STRING", ""), kind)
        language, elder = "", False
        if kind.for_people:
            kept = parse_cookie(environ.get("HTTP_COOKIE")) if "HTTP_COOKIE" in environ else {}
            language = preferences.chosen_language(wishes, kept, environ.get("HTTP_ACCEPT_LANGUAGE", ""))
            elder = preferences.wants_elder(wishes, kept)
        key = (environ["PATH_INFO"], query, language, elder)
        page = self._find(what, key)
        if page is None:
            asked = _plain_request(environ, key, kind, what)
            status, headers, body = _run(app, asked)
            route = asked.get(_ROUTE)
            if status.startswith("200"):
                page = made(route, headers, body, changed_at=_changed_at(kind, what), varies=_varies(kind))
                self._put(what, key, page)
        if page is not None:
            route = page.route
            status, headers, body = page.answer(environ)
        else:
            headers = [one for one in headers if one[0].lower() != "set-cookie"]
        if wishes and kind.for_people:
            told = preferences.cookies(wishes, secure=self._secure)
            headers = headers + [("Set-Cookie", one) for one in told]
        return route, status, headers, body

    def _find(self, what: Shown, key: Key) -> Rendered | None:
        with self._lock:
            if not _same(self._edition, what):
                self._edition, self._bytes = what, 0
                self._pages.clear()
            page = self._pages.get(key)
            if page is not None:
                self._pages.move_to_end(key)
            return page

    def _put(self, what: Shown, key: Key, page: Rendered) -> None:
        with self._lock:
            # Something else may be shown since this page was begun.
            if not _same(self._edition, what) or key in self._pages:
                return
            self._pages[key] = page
            self._bytes += page.size
            while len(self._pages) > _MOST_PAGES or self._bytes > _MOST_BYTES:
                _, oldest = self._pages.popitem(last=False)
                self._bytes -= oldest.size


def _shown_at(now: datetime, current: Current) -> Shown:
    today = clock.local_date(now)
    midnight = datetime.combine(today, datetime.min.time(), clock.CITY_ZONE)
    turned_at = current.snapshot.turned_at(now)
    return Shown(
        current.snapshot, today, midnight if turned_at is None else max(midnight, turned_at), current.as_of
    )


def _same(one: Shown | None, other: Shown) -> bool:
    """Whether two are the same copy, as of the same day and moments; equal ones would take long to find."""
    return (
        one is not None
        and one.snapshot is other.snapshot
        and one.today == other.today
        and one.turned_at == other.turned_at
        and one.as_of == other.as_of
    )


def _reduced(raw: str, kind: Kind) -> tuple[str, dict[str, str]]:
    """What of a query the page depends on, always written the same way, and what is wished for."""
    if not raw:
        return "", {}
    text = raw[:_LONGEST_QUERY]
    if not text.isascii():
        text = text.encode("latin-1", "replace").decode("utf-8", "replace")
    given: dict[str, list[str]] = {}
    for name, value in parse_qsl(text, errors="replace"):
        given.setdefault(name, []).append(value.strip()[:_LONGEST_VALUE])
    wishes = preferences.wishes_in({name: values[0] for name, values in given.items()})
    kept = [(name, given[name][0]) for name in kind.names if given.get(name, [""])[0]]
    kept += [(name, value) for name in kind.many for value in given.get(name, [])[:_MOST_VALUES] if value]
    return urlencode(kept), wishes


def _plain_request(environ: Environ, key: Key, kind: Kind, what: Shown) -> Environ:
    """The request for this page that depends on nothing but what its key names."""
    _, query, language, elder = key
    asked = {
        name: value
        for name, value in environ.items()
        if name not in ("HTTP_COOKIE", "HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_RANGE")
    }
    if kind.for_people:
        chosen = urlencode({"lang": language, "elder": "1" if elder else "0"})
        query = f"{query}&{chosen}" if query else chosen
    return asked | {"REQUEST_METHOD": "GET", "QUERY_STRING": query, _SHOWN: what}


def _run(app: Application, environ: Environ) -> tuple[str, Headers, bytes]:
    """What the app answers, whole."""
    begun: list[Any] = []

    def start_response(status: str, headers: Headers, _failure: Any = None) -> None:
        begun[:] = status, headers

    chunks = app(environ, start_response)
    try:
        body = b"".join(chunks)
    finally:
        close: Callable[[], None] | None = getattr(chunks, "close", None)
        if close is not None:
            close()
    status, headers = begun
    return status, headers, body


def _changed_at(kind: Kind, what: Shown) -> datetime:
    """When the page was last another. One for people names the day, so at midnight at the latest."""
    if not kind.for_people:
        return what.snapshot.changed_at
    return max(what.snapshot.changed_at, what.turned_at)


def _varies(kind: Kind) -> tuple[str, ...]:
    return (*preferences.VARIES_BY, "Accept-Encoding") if kind.for_people else ("Accept-Encoding",)
