"""A closed-loop load generator: each connection sends its next request when the last is answered.

One process with one loop over plain sockets and ready-made bytes. That costs some ten microseconds
a request, a small part of what any Flask view costs; how busy it was is reported with each slice.
"""

import re
import selectors
import socket
import time
from dataclasses import dataclass, field

from bench.figures import BenchError

# A request's bytes may hold these; every request gets a number of its own in their place.
NUMBER = b"@" * 12
DIGITS = b"#" * 8

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_PATIENCE = 15.0


@dataclass(frozen=True)
class Job:
    """What to send: ready requests, taken in turn, over so many connections for so many seconds.

    `first` is the first number put in place of NUMBER; statuses other than `expected` are failures.
    """

    port: int
    requests: tuple[bytes, ...]
    connections: int
    seconds: float
    expected: int = 200
    first: int = 0


@dataclass(frozen=True)
class Result:
    """What came of a job. `busy` is the generator's own processor time over the time it took."""

    seconds: float
    latencies: list[float]
    busy: float
    failure: str = ""


@dataclass
class _Connection:
    socket: socket.socket
    sent_at: float = 0.0
    got: bytearray = field(default_factory=bytearray)
    whole: int = 0


def request(method: str, path: str, body: bytes | None = None, **headers: str) -> bytes:
    """The bytes of a request that keeps its connection; `Content_Type` names a header."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b"")


def run(job: Job) -> Result:
    """Do a job. Raises BenchError when the server stops answering."""
    with selectors.DefaultSelector() as selector:
        open_connections = [
            _Connection(socket.create_connection(("127.0.0.1", job.port), timeout=_PATIENCE))
            for _ in range(job.connections)
        ]
        for one in open_connections:
            one.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(one.socket, selectors.EVENT_READ, one)
        try:
            return _drive(job, selector, open_connections)
        finally:
            for one in open_connections:
                one.socket.close()


def _drive(job: Job, selector: selectors.BaseSelector, connections: list[_Connection]) -> Result:
    latencies: list[float] = []
    failure = ""
    sent = 0
    expected = str(job.expected).encode()
    began, busy_before = time.perf_counter(), time.process_time()
    end = began + job.seconds

    def send(one: _Connection) -> None:
        nonlocal sent
        data = job.requests[sent % len(job.requests)]
        if NUMBER in data:
            number = b"%012d" % (job.first + sent)
            data = data.replace(NUMBER, number).replace(DIGITS, number[-8:])
        sent += 1
        one.got.clear()
        one.whole = 0
        one.sent_at = time.perf_counter()
        one.socket.sendall(data)

    for one in connections:
        send(one)
    waiting = len(connections)
    while waiting:
        ready = selector.select(_PATIENCE)
        if not ready:
            raise BenchError(f"port {job.port}: no answer for {_PATIENCE:g} s")
        for key, _ in ready:
            one = key.data
            if not _complete(one):
                continue
            now = time.perf_counter()
            latencies.append(now - one.sent_at)
            if one.got[9:12] != expected and not failure:
                failure = one.got[:400].decode(errors="replace")
            if now < end and not failure:
                send(one)
            else:
                waiting -= 1
    took = time.perf_counter() - began
    return Result(took, latencies, (time.process_time() - busy_before) / took, failure)


def _complete(one: _Connection) -> bool:
    """Take in what has come; whether the answer is whole. Raises BenchError for a closed connection."""
    data = one.socket.recv(262_144)
    if not data:
        raise BenchError("the server closed a connection that should be kept")
    one.got += data
    if not one.whole:
        head = one.got.find(b"\r\n\r\n")
        if head < 0:
            return False
        length = _LENGTH.search(one.got, 0, head)
        if length is None:
            raise BenchError("an answer without Content-Length")
        one.whole = head + 4 + int(length[1])
    return len(one.got) >= one.whole
