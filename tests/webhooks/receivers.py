"""Receivers of webhooks: real ones that verify, and ones that behave badly."""

import json
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook as Verifier

# What a receiver does with a request: answer with a status, with headers too, or behave.
Answering = int | tuple[int, dict[str, str]] | str


@dataclass
class Got:
    """One request as it came in."""

    headers: dict[str, str]
    body: str
    at: float

    @property
    def message_id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = self.document["data"]
        return found

    @property
    def step(self) -> tuple[str, int]:
        """Order and version."""
        return self.data["order"], self.data["version"]

    def verify(self, secret: str) -> None:
        """As a receiver does it. Raises WebhookVerificationError."""
        Verifier(secret).verify(self.body, self.headers)


@dataclass
class Receiver:
    """Answers each request by the next of `script`, then always by `otherwise`.

    "hang" never answers, "reset" cuts the connection off, "drip" answers and never ends its body.
    """

    script: Iterable[Answering] = ()
    otherwise: Answering = 204
    decide: Callable[[Got], Answering | None] | None = None
    port: int = 0
    got: list[Got] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._left = deque(self.script)
        self._lock = threading.Lock()
        self._released = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                receiver._answer(self)

            do_GET = do_POST

            def log_message(self, *_: object) -> None:
                """Silent."""

        class Server(ThreadingHTTPServer):
            request_queue_size = 256
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                """Senders may give up."""

        self._server = Server(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks?token=x"

    def steps(self) -> list[tuple[str, int]]:
        """Order and version of each request, in their order."""
        return [one.step for one in self.got]

    def close(self) -> None:
        self._released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0)).decode()
        got = Got({name.lower(): value for name, value in handler.headers.items()}, body, time.monotonic())
        with self._lock:
            decided = self.decide(got) if self.decide is not None else None
            if decided is None:
                decided = self._left.popleft() if self._left else self.otherwise
            self.got.append(got)
        if decided == "hang":
            self._released.wait(30)
            handler.close_connection = True
            return
        if decided == "reset":
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            handler.connection.close()
            handler.close_connection = True
            return
        if decided == "drip":
            handler.send_response(200)
            handler.send_header("Content-Length", "1000000")
            handler.end_headers()
            handler.wfile.write(b"x")
            handler.wfile.flush()
            self._released.wait(30)
            handler.close_connection = True
            return
        status, headers = decided if isinstance(decided, tuple) else (decided, {})
        assert isinstance(status, int)
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        if status != 204:
            handler.send_header("Content-Length", "2")
        handler.end_headers()
        if status != 204:
            handler.wfile.write(b"ok")
