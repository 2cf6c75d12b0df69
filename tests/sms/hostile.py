"""A local server that speaks Twilio's message endpoints and fails in every way a network can.

It keeps what it was asked and what it accepted apart, because a sender sees neither.
"""

import itertools
import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from behaviours import BEHAVIOURS, LISTINGS

ACCOUNT = "AC" + "0" * 32
LONGEST_HANG = 5.0


@dataclass
class Request:
    """One request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    form: list[tuple[str, str]]
    headers: dict[str, str]
    port: int


class HostileTwilio:
    """A threaded server on the loopback. `behaviour` names what happens to POSTs, `listing` to GETs.

    `then` names, for one POST after the other, another behaviour, or nothing. Each POST takes
    `latency` seconds, and what lands late takes `lag`.
    """

    handler: "type[Handler]"

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.behaviour = "accept"
        self.then: Iterator[str] = itertools.repeat("")
        self.latency = 0.0
        self.lag = LONGEST_HANG
        self.listing = "list"
        self.retry_after: str | None = None
        self.requests: list[Request] = []
        self.messages: list[dict[str, Any]] = []
        self.released = threading.Event()
        self.landed = threading.Event()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), self.handler)
        self._server.hostile = self
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def close(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.drop_connections()
        self._server.server_close()

    @property
    def posts(self) -> list[Request]:
        return [r for r in self.requests if r.method == "POST"]

    def behaviour_of(self, form: dict[str, str]) -> str:
        """What happens to this request."""
        return self.behaviour

    def accept(self, form: dict[str, str], age: timedelta = timedelta(), **changes: Any) -> dict[str, Any]:
        """Keep a message as Twilio would show it, created `age` ago."""
        with self._lock:
            message = {
                "sid": f"SM{len(self.messages) + 1:032x}",
                "account_sid": ACCOUNT,
                "to": form["To"],
                "from": form.get("From"),
                "messaging_service_sid": form.get("MessagingServiceSid"),
                "body": form["Body"],
                "status": "queued",
                "direction": "outbound-api",
                "date_created": format_datetime(datetime.now(UTC) - age),
                "date_sent": None,
                "error_code": None,
                "num_segments": "1",
            } | changes
            self.messages.append(message)
        return message


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 256
    hostile: HostileTwilio

    def __init__(self, *args: Any) -> None:
        self._open: set[socket.socket] = set()
        super().__init__(*args)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def drop_connections(self) -> None:
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                self._open.discard(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that gave up, or never finished its handshake, is what these tests are about."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body leave separately; without this the kernel may hold the second one back.
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, *args: Any) -> None:
        pass

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        form = parse_qsl(raw, keep_blank_values=True)
        self._note({}, form)
        hostile = self.server.hostile
        time.sleep(hostile.latency)
        fields = dict(form)
        behaviour = BEHAVIOURS[next(hostile.then, "") or hostile.behaviour_of(fields)]
        behaviour.answer(self, hostile.accept(fields) if behaviour.accepts else fields)

    def do_GET(self) -> None:
        query = {k: v[0] for k, v in parse_qs(urlsplit(self.path).query).items()}
        self._note(query, [])
        LISTINGS[self.server.hostile.listing](self, query)

    def _note(self, query: dict[str, str], form: list[tuple[str, str]]) -> None:
        path = urlsplit(self.path).path
        self.server.hostile.requests.append(
            Request(self.command, path, query, form, dict(self.headers), self.client_address[1])
        )

    def reply(
        self, status: int, payload: object, headers: dict[str, str] | None = None, cut: int = 0
    ) -> None:
        """Answer with JSON; `cut` leaves that many bytes of the promised body out and hangs up."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: len(body) - cut])
        if cut:
            self.wfile.flush()
            self.close_connection = True

    def reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        if isinstance(self.connection, ssl.SSLSocket):
            socket.socket(fileno=self.connection.detach()).close()
        else:
            self.connection.close()

    def refuse(self, status: int, code: int | None, words: str = "refused") -> None:
        payload: dict[str, object] = {"message": words, "more_info": "", "status": status}
        self.reply(status, payload if code is None else payload | {"code": code})

    def hang(self) -> None:
        self.server.hostile.released.wait(LONGEST_HANG)
        self.close_connection = True

    def trickle(self, payload: object) -> None:
        """An answer whose every byte comes in time, and whose end does not."""
        body = json.dumps(payload).encode()
        self.wfile.write(b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n" % len(body))
        end = time.monotonic() + LONGEST_HANG
        for place in range(len(body)):
            if self.server.hostile.released.wait(0.15) or time.monotonic() > end:
                break
            try:
                self.wfile.write(body[place : place + 1])
            except OSError:
                break
        self.close_connection = True

    def land_late(self, form: dict[str, str]) -> None:
        """The client has given up by the time the message is accepted."""
        hostile = self.server.hostile
        hostile.released.wait(hostile.lag)
        hostile.accept(form)
        hostile.landed.set()
        self.close_connection = True

    def too_many(self) -> None:
        wait = self.server.hostile.retry_after
        headers = {} if wait is None else {"Retry-After": wait}
        self.reply(429, {"code": 20429, "message": "Too Many Requests", "status": 429}, headers)

    def redirect(self) -> None:
        self.reply(307, {}, {"Location": f"{self.server.hostile.url}{self.path}"})

    def list_messages(self, query: dict[str, str]) -> None:
        size, page = int(query.get("PageSize", 50)), int(query.get("Page", 0))
        matching = [m for m in self.server.hostile.messages if m["to"] == query["To"]][::-1]
        shown = matching[page * size : (page + 1) * size]
        more = len(matching) > (page + 1) * size
        path = urlsplit(self.path).path
        following = f"{path}?To=%2B{query['To'][1:]}&PageSize={size}&Page={page + 1}" if more else None
        self.reply(200, {"messages": shown, "page": page, "page_size": size, "next_page_uri": following})

    def list_forever(self, query: dict[str, str]) -> None:
        path = urlsplit(self.path).path
        following = f"{path}?To=%2B{query['To'][1:]}"
        self.reply(200, {"messages": [], "page": 0, "page_size": 50, "next_page_uri": following})


HostileTwilio.handler = Handler
