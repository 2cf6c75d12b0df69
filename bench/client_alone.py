"""Twilio's client with no tracker around it: `python -m bench.client_alone PORT SECONDS IN_FLIGHT`.

With 0 in flight its synchronous client in a loop, else its asynchronous one with so many requests
under way, as its documentation shows them. Prints how many texts were sent, in how many seconds, and the
processor time in seconds.
"""

import asyncio
import sys
import time

from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.rest import Client

from bench.figures import BenchError
from tracker.lifeline import die_with_parent

_ACCOUNT = "AC" + "0" * 32
_TEXT = {
    "to": "+8613800001234",
    "from_": "+15005550006",
    "body": "您的宽带订单QY2611080123已受理，承诺11月12日18时前装通，咨询10000。【清远电信】",
    "status_callback": "http://127.0.0.1:8000/api/v1/callbacks/twilio/1",
}


def _client(port: int, http_client: object = None) -> Client:
    client = Client(_ACCOUNT, "0" * 32, http_client=http_client)
    client.api.base_url = f"http://127.0.0.1:{port}"
    client.region = client.edge = None
    return client


def loop(port: int, seconds: float) -> tuple[int, float, float]:
    """One after the other; the first is not counted."""
    client = _client(port)
    client.messages.create(**_TEXT)
    sent, began, cpu = 0, time.monotonic(), time.process_time()
    while time.monotonic() - began < seconds:
        client.messages.create(**_TEXT)
        sent += 1
    return sent, time.monotonic() - began, time.process_time() - cpu


async def many(port: int, seconds: float, in_flight: int) -> tuple[int, float, float]:
    """So many at once; the first round, which makes the connections, is not counted."""
    async with AsyncTwilioHttpClient() as wire:
        client = _client(port, wire)
        await asyncio.gather(*(client.messages.create_async(**_TEXT) for _ in range(in_flight)))
        sent, began, cpu = 0, time.monotonic(), time.process_time()

        async def one_after_the_other() -> None:
            nonlocal sent
            while time.monotonic() - began < seconds:
                message = await client.messages.create_async(**_TEXT)
                if not message.sid:
                    raise BenchError("the provider named no message")
                sent += 1

        await asyncio.gather(*(one_after_the_other() for _ in range(in_flight)))
        return sent, time.monotonic() - began, time.process_time() - cpu


def main() -> None:
    """Send, and print what came of it."""
    die_with_parent()
    port, seconds, in_flight = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    print(*(asyncio.run(many(port, seconds, in_flight)) if in_flight else loop(port, seconds)))


if __name__ == "__main__":
    main()
