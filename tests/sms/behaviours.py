"""What the hostile server does with a created message, and with a question for the list.

An answer is given the server's handler and the message as accepted, or the fields as asked.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Answer = Callable[[Any, dict[str, Any]], None]


@dataclass(frozen=True)
class Behaviour:
    """Whether a created message is accepted, and how the server answers."""

    accepts: bool
    answer: Answer


BEHAVIOURS: dict[str, Behaviour] = {
    "accept": Behaviour(True, lambda h, m: h.reply(201, m)),
    "accept, then reset": Behaviour(True, lambda h, m: h.reset()),
    "accept, then hang": Behaviour(True, lambda h, m: h.hang()),
    "accept, then trickle": Behaviour(True, lambda h, m: h.trickle(m)),
    "accept, then cut the answer": Behaviour(True, lambda h, m: h.reply(201, m, cut=20)),
    "accept, answer half a document": Behaviour(True, lambda h, m: h.reply(201, b'{"sid": "SM')),
    "accept, answer nothing": Behaviour(True, lambda h, m: h.reply(201, b"")),
    "accept, answer null": Behaviour(True, lambda h, m: h.reply(201, None)),
    "accept, answer without sid": Behaviour(True, lambda h, m: h.reply(201, m | {"sid": None})),
    "accept, answer with an endless sid": Behaviour(True, lambda h, m: h.reply(201, m | {"sid": "S" * 999})),
    "accept, then 500": Behaviour(True, lambda h, m: h.refuse(500, 20500)),
    "accept, then 500 that speaks of a 400": Behaviour(
        True,
        lambda h, m: h.reply(500, {"type": "about:blank", "title": "x", "status": 400, "code": 21211}),
    ),
    "accept, then 503 without code": Behaviour(True, lambda h, m: h.reply(503, b"<html>")),
    "accept, then redirect": Behaviour(True, lambda h, m: h.redirect()),
    "500": Behaviour(False, lambda h, m: h.refuse(500, 20500)),
    "reset": Behaviour(False, lambda h, m: h.reset()),
    "redirect": Behaviour(False, lambda h, m: h.redirect()),
    "accept late": Behaviour(False, lambda h, m: h.land_late(m)),
    "429": Behaviour(False, lambda h, m: h.too_many()),
    "invalid number": Behaviour(
        False, lambda h, m: h.refuse(400, 21211, f"The 'To' number {m['To']} is not a valid phone number.")
    ),
    "too long": Behaviour(False, lambda h, m: h.refuse(400, 21617)),
    "unlisted code": Behaviour(False, lambda h, m: h.refuse(400, 99999)),
    "400 without code": Behaviour(False, lambda h, m: h.reply(400, b"<html>Bad Request</html>")),
    "403 without code": Behaviour(False, lambda h, m: h.reply(403, b"<html>Forbidden</html>")),
    "unauthorized": Behaviour(False, lambda h, m: h.refuse(401, 20003)),
    "no such account": Behaviour(False, lambda h, m: h.refuse(404, 20404)),
}

LISTINGS: dict[str, Answer] = {
    "list": lambda h, q: h.list_messages(q),
    "500": lambda h, q: h.refuse(500, 20500),
    "429": lambda h, q: h.too_many(),
    "401": lambda h, q: h.refuse(401, 20003),
    "reset": lambda h, q: h.reset(),
    "hang": lambda h, q: h.hang(),
    "trickle": lambda h, q: h.trickle(q),
    "half a document": lambda h, q: h.reply(200, b'{"messages": ['),
    "another document": lambda h, q: h.reply(200, [1, 2]),
    "always another page": lambda h, q: h.list_forever(q),
}
