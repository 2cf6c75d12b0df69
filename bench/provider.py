"""A text provider that accepts everything, in Twilio's words: `python -m bench.provider PORT [LATENCY_MS]`.

It answers after the latency, on any number of connections, from bytes that are ready but for the
message's name: some twenty microseconds a request, so that it is not what is measured.
"""

import asyncio
import json
import re
import sys
from itertools import count

from tracker.lifeline import die_with_parent

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_SERIAL = "@" * 32
_serial = count(1)

# Every field that Twilio's document shows, as a client has to read them all.
_MESSAGE = {
    "account_sid": "AC" + "0" * 32,
    "api_version": "2010-04-01",
    "body": "您的宽带订单QY2611080123已受理，承诺11月12日18时前装通。【清远电信】",
    "date_created": "Tue, 24 Nov 2026 04:00:00 +0000",
    "date_sent": None,
    "date_updated": "Tue, 24 Nov 2026 04:00:00 +0000",
    "direction": "outbound-api",
    "error_code": None,
    "error_message": None,
    "from": "+15005550006",
    "messaging_service_sid": None,
    "num_media": "0",
    "num_segments": "1",
    "price": None,
    "price_unit": "USD",
    "sid": f"SM{_SERIAL}",
    "status": "queued",
    "subresource_uris": {"media": f"/2010-04-01/Accounts/AC{'0' * 32}/Messages/SM{'0' * 32}/Media.json"},
    "to": "+8613800001234",
    "uri": f"/2010-04-01/Accounts/AC{'0' * 32}/Messages/SM{'0' * 32}.json",
}
_BODY = json.dumps(_MESSAGE).encode()
_HEAD = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(_BODY)
_BEFORE, _, _AFTER = (_HEAD + _BODY).partition(_SERIAL.encode())


class _Provider(asyncio.Protocol):
    def __init__(self, latency: float) -> None:
        self._latency = latency
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
            if self._latency:
                asyncio.get_running_loop().call_later(self._latency, self._answer)
            else:
                self._answer()

    def _answer(self) -> None:
        if isinstance(self._transport, asyncio.Transport) and not self._transport.is_closing():
            self._transport.write(b"%b%032x%b" % (_BEFORE, next(_serial), _AFTER))


async def _serve(port: int, latency: float) -> None:
    server = await asyncio.get_running_loop().create_server(
        lambda: _Provider(latency), "127.0.0.1", port, backlog=1024
    )
    await server.serve_forever()


if __name__ == "__main__":
    die_with_parent()
    asyncio.run(_serve(int(sys.argv[1]), float(sys.argv[2]) / 1000 if len(sys.argv) > 2 else 0.0))
