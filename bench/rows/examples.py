"""Orders to look up, placed through the real use case."""

import random

from bench.figures import BenchError
from bench.system import System
from tracker.orders.place_orders import Placed, place_orders
from tracker.orders.schemas import OrderRequestSchema

_BATCH = 250


def known_orders(system: System, count: int) -> list[tuple[str, str]]:
    """Numbers of so many new orders with the last four digits of their phones, in random order."""
    schema = OrderRequestSchema()
    tag = random.randrange(16**8)
    known = []
    for first in range(0, count, _BATCH):
        digits = [f"{number:04d}" for number in range(first, min(first + _BATCH, count))]
        requests = [
            schema.load(
                {
                    "external_reference": f"KNOWN-{tag:08x}-{four}",
                    "customer": {"kind": "home", "name": "张三丰", "phone": f"1380000{four}"},
                    "address": {"community_code": "441802006001", "detail": "北江路1号2栋301房"},
                    "plan": "24GD100001",
                }
            )
            for four in digits
        ]
        for four, placed in zip(digits, place_orders(system.runtime, system.channel, requests), strict=True):
            if not isinstance(placed, Placed):
                raise BenchError(f"an example order was refused: {placed}")
            known.append((placed.number, four))
    with system.owner.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
    random.shuffle(known)
    return known
