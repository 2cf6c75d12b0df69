"""A page as it is sent: plain or compressed, whole, or as "you have it already"."""

import gzip
import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from werkzeug.http import http_date, parse_accept_header, parse_date, parse_etags

Headers = list[tuple[str, str]]
Environ = dict[str, Any]

# Reckoned here, or another for each request.
_OWN_HEADERS = frozenset({"content-length", "set-cookie", "vary", "etag", "last-modified"})
# What a "you have it" leaves out.
_OF_THE_BODY = frozenset({"Content-Length", "Content-Type", "Content-Encoding"})


@dataclass(frozen=True)
class Form:
    """The bytes of a page, the tag that names them, and their headers."""

    body: bytes
    tag: str
    headers: Headers


@dataclass(frozen=True)
class Rendered:
    """One rendered page. `modified` is when it was last another, in seconds of the epoch."""

    route: str | None
    modified: int
    plain: Form
    packed: Form

    @property
    def size(self) -> int:
        """The memory that its bodies take."""
        return len(self.plain.body) + len(self.packed.body)

    def answer(self, environ: Environ) -> tuple[str, Headers, bytes]:
        """Status, headers and body for somebody who may have it already."""
        form = self.packed if _takes_gzip(environ.get("HTTP_ACCEPT_ENCODING", "")) else self.plain
        if self._is_known(environ, form):
            kept = [one for one in form.headers if one[0] not in _OF_THE_BODY]
            return "304 NOT MODIFIED", kept, b""
        return "200 OK", form.headers, form.body

    def _is_known(self, environ: Environ, form: Form) -> bool:
        tags = environ.get("HTTP_IF_NONE_MATCH")
        if tags is not None:
            # A date beside a tag does not count (RFC 9110, 13.1.3).
            return parse_etags(tags).contains_weak(form.tag)
        since = environ.get("HTTP_IF_MODIFIED_SINCE")
        known = parse_date(since) if since is not None else None
        return known is not None and self.modified <= known.timestamp()


def made(
    route: str | None, headers: Headers, body: bytes, *, changed_at: datetime, varies: tuple[str, ...]
) -> Rendered:
    """The page that the app answered with, in both forms."""
    digest = hashlib.sha256(body).hexdigest()[:32]
    common = [one for one in headers if one[0].lower() not in _OWN_HEADERS]
    common += [("Vary", ", ".join(varies)), ("Last-Modified", http_date(changed_at))]
    packed = gzip.compress(body, 6, mtime=0)
    return Rendered(
        route,
        int(changed_at.timestamp()),
        _form(body, digest, common),
        _form(packed, f"{digest}-gz", [*common, ("Content-Encoding", "gzip")]),
    )


def _form(body: bytes, tag: str, headers: Headers) -> Form:
    return Form(body, tag, [*headers, ("ETag", f'"{tag}"'), ("Content-Length", str(len(body)))])


@lru_cache(maxsize=256)
def _takes_gzip(accepted: str) -> bool:
    return parse_accept_header(accepted).quality("gzip") > 0
