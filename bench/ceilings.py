"""The least that a Flask service could do: hello, one row written, one row read, one page rendered.

Served by the same server with as many workers as the tracker itself (`python -m bench.ceilings PORT`).
"""

import os
import sys
from datetime import UTC, datetime
from typing import Any

import psycopg
from flask import Flask, Response, jsonify, render_template, request
from jinja2 import DictLoader
from psycopg.types.json import Jsonb
from sqlalchemy import MetaData, Table, create_engine, insert, select
from sqlalchemy.engine import make_url

# What recording an order writes: these tables in width, defaults and indexes, without foreign keys.
RECORDED = ("orders", "order_events", "promises", "notices", "idempotency_records")
TABLE_SQL = (
    "CREATE SCHEMA bench",
    *(f"CREATE TABLE bench.bare_{name} (LIKE public.{name} INCLUDING ALL)" for name in RECORDED),
    "GRANT USAGE ON SCHEMA bench TO tracker_app",
    "GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA bench TO tracker_app",
)

_PAGE = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">
<title>{{ row.number }}</title></head><body><h1>{{ row.number }}</h1><p>{{ row.stage }}</p><ul>
{% for step in steps %}<li class="step" data-number="{{ step }}">{{ row.stage }} {{ row.accepted_at }}</li>
{% endfor %}</ul></body></html>"""


def values_of(body: dict[str, Any]) -> dict[str, Any]:
    """A row of orders' width, from the same request that the tracker gets."""
    now = datetime.now(UTC)
    reference = body["external_reference"]
    return {
        "operator_id": 1,
        "channel_id": 1,
        "number": reference[-20:],
        "external_reference": reference,
        "content_digest": os.urandom(32),
        "customer_kind": body["customer"]["kind"],
        "product": "broadband",
        "resource": "ready",
        "community_code": body["address"]["community_code"],
        "language": "zh",
        "customer_name": os.urandom(52),
        "contact_phone": os.urandom(60),
        "address_detail": os.urandom(80),
        "phone_digest": os.urandom(32),
        "lookup_digest": os.urandom(32),
        "plan_id": 1,
        "price": {
            "filing_number": body["plan"],
            "version": 1,
            "name": "示例宽带 300M",
            "name_en": "Example broadband",
            "monthly_fen": 9900,
            "installation_fen": 10000,
            "commissioning_fen": 10000,
        },
        "stage": "accepted",
        "version": 1,
        "accepted_at": now,
        "created_at": now,
    }


def beside_of(body: dict[str, Any], key: str, order_id: int) -> dict[str, dict[str, Any]]:
    """The rows that are written with the order, by table, in the width of the tracker's own."""
    now, reference = datetime.now(UTC), body["external_reference"]
    shown = {"number": reference[-20:], "external_reference": reference, "stage": "accepted", "version": 1}
    why = {"zh": "受理后48小时内，周末和节假日照常计时。", "en": "Within 48 hours of acceptance."}
    rule = {"version": 1, "unit": "hours", "amount": 48, "area": "urban", "resource": "ready"}
    promise = {"deadline": now.isoformat(), "first_deadline": now.isoformat(), "explanation": why}
    return {
        "order_events": {
            "operator_id": 1,
            "channel_id": 1,
            "order_id": order_id,
            "order_version": 1,
            "kind": "accepted",
            "stage": "accepted",
            "detail": {},
            "actor": "channel:app",
            "occurred_at": now,
            "recorded_at": now,
        },
        "promises": {
            "order_id": order_id,
            "operator_id": 1,
            "rule_id": 1,
            "rule": rule,
            "accepted_at": now,
            "deadline": now,
            "provisional": False,
            "explanation": why,
            "calendar_revision": 1,
            "created_at": now,
        },
        "notices": {
            "operator_id": 1,
            "order_id": order_id,
            "template": "order_accepted",
            "template_version": 1,
            "language": "zh",
            "params": {"number": shown["number"], "deadline": "11月12日18时", "hotline": "10000"},
            "body": "您的宽带订单QY2611080123已受理，承诺11月12日18时前装通。进度可在官网查询。【示例】",
            "recipient": os.urandom(60),
            "recipient_digest": os.urandom(32),
            "dedup_key": f"order:{order_id}:accepted",
            "queue": "urgent",
            "state": "created",
            "next_at": now,
            "attempts": 0,
            "misses": 0,
            "must_arrive": False,
            "created_at": now,
        },
        "idempotency_records": {
            "channel_id": 1,
            "key": key,
            "operator_id": 1,
            "fingerprint": os.urandom(32),
            "status": 201,
            "headers": {"ETag": '"1"', "Location": f"/api/v1/orders/{reference}"},
            "body": {**shown, "promise": promise},
            "created_at": now,
        },
    }


def create_app() -> Flask:
    """The app; one connection a process is enough, for each has one blocking thread."""
    app = Flask("ceilings", static_folder=None)
    app.jinja_loader = DictLoader({"page.html": _PAGE})
    url = make_url(os.environ["TRACKER_DATABASE_URL"])
    engine = create_engine(url)
    reading = engine.execution_options(isolation_level="AUTOCOMMIT")
    tables = {
        name: Table(f"bare_{name}", MetaData(), schema="bench", autoload_with=engine) for name in RECORDED
    }
    bare = tables["orders"]
    orders = Table("orders", MetaData(), autoload_with=engine)
    plain = psycopg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False))
    one = select(
        orders.c.number,
        orders.c.external_reference,
        orders.c.stage,
        orders.c.version,
        orders.c.accepted_at,
        orders.c.community_code,
    )

    @app.get("/hello")
    def hello() -> str:
        return "hello, world"

    @app.post("/insert")
    def insert_one() -> tuple[Response, int]:
        with engine.begin() as connection:
            key = connection.scalar(insert(bare).returning(bare.c.id), values_of(request.get_json()))
        return jsonify({"id": key}), 201

    @app.post("/insert-same-rows")
    def insert_all() -> tuple[Response, int]:
        body = request.get_json()
        with engine.begin() as connection:
            key = connection.scalar(insert(bare).returning(bare.c.id), values_of(body))
            for name, row in beside_of(body, request.headers["Idempotency-Key"], key or 0).items():
                connection.execute(insert(tables[name]), row)
        return jsonify({"id": key}), 201

    @app.post("/insert-psycopg")
    def insert_plainly() -> tuple[Response, int]:
        values = values_of(request.get_json())
        values["price"] = Jsonb(values["price"])
        names = ", ".join(values)
        marks = ", ".join(f"%({name})s" for name in values)
        with plain.transaction():
            row = plain.execute(
                f"INSERT INTO bench.bare_orders ({names}) VALUES ({marks}) RETURNING id", values
            ).fetchone()
        return jsonify({"id": row[0] if row else None}), 201

    @app.get("/row/<number>")
    def read_one(number: str) -> Response:
        with reading.connect() as connection:
            row = connection.execute(one.where(orders.c.number == number)).one()
        return jsonify(row._asdict())

    @app.post("/page")
    def show_one() -> str:
        with reading.connect() as connection:
            row = connection.execute(one.where(orders.c.number == request.form["number"])).one()
        return render_template("page.html", row=row, steps=range(int(request.args["lines"])))

    return app


def main() -> None:
    """Serve the app as the tracker's own commands would."""
    # Loaded here: the server's workers import this module for the app alone.
    from tracker import config
    from tracker.cli.serving import serve_wsgi
    from tracker.lifeline import die_with_parent

    die_with_parent()
    serve_wsgi("bench.ceilings:create_app", int(sys.argv[1]), "the first argument", config.load())


if __name__ == "__main__":
    main()
