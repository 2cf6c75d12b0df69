"""Orders recorded over HTTP, each with a key and a reference of its own.

No worker runs meanwhile: what is measured is recording, and the texts wait as rows.
"""

import json
from collections.abc import Callable

from bench import load
from bench.figures import Plan, Row
from bench.system import System, Web, free_port
from bench.turns import Target, compare


def order_body() -> bytes:
    """An order's JSON with places for numbers, in the width of a real one."""
    body = {
        "external_reference": f"BENCH-{load.NUMBER.decode()}",
        "customer": {"kind": "home", "name": "张三丰", "phone": f"138{load.DIGITS.decode()}"},
        "address": {"community_code": "441802006001", "detail": "北江路1号2栋301房"},
        "plan": "24GD100001",
    }
    return json.dumps(body, ensure_ascii=False).encode()


def measure(system: System, plan: Plan, ceilings: Web, step: Callable[[str], None]) -> list[Row]:
    """POST /api/v1/orders."""
    body = order_body()
    json_type = {"Content_Type": "application/json"}
    order = load.request(
        "POST",
        "/api/v1/orders",
        body,
        Authorization=f"Bearer {system.api_key}",
        Idempotency_Key=f"bench-{load.NUMBER.decode()}",
        **json_type,
    )
    port = free_port()
    with system.process("service", "tracker", "serve", ready=port, TRACKER_PORT=str(port)) as pid:
        row = compare(
            "orders recorded",
            system.generator,
            plan,
            Target("POST /api/v1/orders", port, pid, (order,), 201),
            [
                Target("Flask hello", ceilings.port, ceilings.pid, (load.request("GET", "/hello"),)),
                Target(
                    "Flask, one INSERT (SQLAlchemy Core)",
                    ceilings.port,
                    ceilings.pid,
                    (load.request("POST", "/insert", body, **json_type),),
                    201,
                    wanted=0.5,
                ),
                Target(
                    "Flask, one INSERT (psycopg)",
                    ceilings.port,
                    ceilings.pid,
                    (load.request("POST", "/insert-psycopg", body, **json_type),),
                    201,
                ),
            ],
            step,
        )
    return [row]
