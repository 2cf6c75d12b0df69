"""A text provider that accepts everything at once, in Twilio's words (`python -m bench.provider PORT`)."""

import asyncio
import json
import re
import sys
from itertools import count

from tracker.lifeline import die_with_parent

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_serial = count(1)


class _Provider(asyncio.Protocol):
    def __init__(self) -> None:
        self._got = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._got += data
        while (head := self._got.find(b"\r\n\r\n")) >= 0:
            length = _LENGTH.search(self._got, 0, head)
            whole = head + 4 + (int(length[1]) if length else 0)
            if len(self._got) < whole:
                return
            self._got = self._got[whole:]
            if isinstance(self._transport, asyncio.Transport):
                self._transport.write(_answer())


def _answer() -> bytes:
    body = json.dumps(
        {
            "sid": f"SM{next(_serial):032x}",
            "status": "queued",
            "direction": "outbound-api",
            "error_code": None,
            "error_message": None,
            "num_segments": "1",
            "price": None,
        }
    ).encode()
    return b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
        len(body),
        body,
    )


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(_Provider, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    die_with_parent()
    asyncio.run(_serve(int(sys.argv[1])))
