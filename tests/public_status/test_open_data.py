"""The published plans as files for programs, checked against their own schema by a validator of its own."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.published_plans import Publisher

_AJV = Path(__file__).parents[1] / "contract" / "node_modules"
_VALIDATE = """
const Ajv = require("ajv/dist/2020"), formats = require("ajv-formats");
const { schema, documents } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const ajv = new Ajv({ strict: true, strictTypes: false, allErrors: true });
formats(ajv);
const validate = ajv.compile(schema);
console.log(JSON.stringify(documents.map(one => validate(one) ? [] : validate.errors)));
"""

pytestmark = pytest.mark.usefixtures("morning")


def faults_in(schema: dict[str, Any], *documents: dict[str, Any]) -> list[list[Any]]:
    """What ajv, which strictly reads JSON Schema 2020-12, finds wrong in each document."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    node = shutil.which("node", path=path)
    if node is None or not (_AJV / "ajv").exists():
        pytest.fail("what this test needs is not installed: `make contract` does it")
    told = subprocess.run(
        [node, "-e", _VALIDATE],
        input=json.dumps({"schema": schema, "documents": documents}),
        env={"NODE_PATH": str(_AJV)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert told.returncode == 0, told.stderr
    found: list[list[Any]] = json.loads(told.stdout)
    return found


def tell_a_history(publisher: Publisher) -> None:
    publisher.plan(version=1, monthly_fen=12905)
    coming = publisher.plan(version=2, on_sale_from=date(2027, 1, 1), monthly_fen=13900)
    publisher.announce("price", coming, date(2027, 1, 1), summary="提价", summary_en="dearer")
    ends = {"ends_from": date(2027, 1, 31), "ends_to": date(2027, 3, 31)}
    publisher.announce("term_end", None, date(2027, 2, 1), **ends)
    publisher.withdraw_plan(publisher.plan(filing_number="24GD190002"), date(2025, 6, 30))


def plan_of(document: dict[str, Any], number: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in document["plans"] if one["filing_number"] == number)
    return found


def test_the_document_agrees_with_its_schema(client: FlaskClient, publisher: Publisher) -> None:
    tell_a_history(publisher)
    schema, document = client.get("/fees/schema.json").json, client.get("/fees.json").json
    wrong = json.loads(json.dumps(document))
    wrong["plans"][0]["versions"][0]["monthly_fen"] = -1
    wrong["plans"][0]["extra"] = True
    del wrong["title"]
    good, bad = faults_in(schema, document, wrong)
    assert good == []
    assert {one["keyword"] for one in bad} == {"minimum", "additionalProperties", "required"}
    assert document["schema"] == schema["$id"]


def test_every_version_has_its_days_and_its_money(client: FlaskClient, publisher: Publisher) -> None:
    tell_a_history(publisher)
    document = client.get("/fees.json").json
    assert len(document["plans"]) == 17
    plan = plan_of(document, "24GD190001")
    assert plan["operator"]["code"] == "telecom"
    assert plan["region"] == {"code": "441800", "name": "清远市"}
    assert plan["url"].endswith("/fees/telecom/24GD190001/441800")
    first, second = plan["versions"]
    assert (first["monthly_fen"], first["monthly_yuan"]) == (12905, "129.05")
    assert (first["on_sale_from"], first["on_sale_to"], first["sold_until"]) == (
        "2024-01-01",
        None,
        "2026-12-31",
    )
    assert first["published_at"] == "2023-12-01T10:00:00+08:00"
    assert (second["version"], second["sold_until"]) == (2, None)
    price, ending = plan["changes"]
    assert (price["kind"], price["version"], price["effective_on"]) == ("price", 2, "2027-01-01")
    assert (ending["kind"], ending["version"], ending["ends_to"]) == ("term_end", None, "2027-03-31")
    (ended,) = plan_of(document, "24GD190002")["versions"]
    assert (ended["state"], ended["on_sale_to"]) == ("withdrawn", "2025-06-30")


def test_the_table_has_a_row_for_each_version(client: FlaskClient, publisher: Publisher) -> None:
    tell_a_history(publisher)
    answer = client.get("/fees.csv")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    assert answer.content_type == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert len(rows) == 15 + 3
    document = client.get("/fees.json").json
    for row in rows:
        plans = [
            one
            for one in document["plans"]
            if (one["operator"]["code"], one["filing_number"], one["region"]["code"])
            == (row["operator"], row["filing_number"], row["region"])
        ]
        version = next(one for one in plans[0]["versions"] if str(one["version"]) == row["version"])
        assert {name: "" if value is None else str(value) for name, value in version.items()} == {
            name: row[name] for name in version
        }


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_nothing_in_the_table_is_a_formula(client: FlaskClient, publisher: Publisher, start: str) -> None:
    harmful = f"{start}HYPERLINK(1)"
    publisher.plan(name=harmful, services=f'{harmful},"x"\n{harmful}')
    rows = csv.reader(io.StringIO(client.get("/fees.csv").data.decode("utf-8-sig"), newline=""))
    cells = [cell for row in rows for cell in row]
    assert f"'{harmful}" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))]


@pytest.mark.parametrize("path", ["/fees.json", "/fees.csv", "/fees/schema.json"])
def test_the_files_are_the_same_for_everybody(client: FlaskClient, path: str) -> None:
    plain = client.get(path)
    chosen = client.get(f"{path}?lang=en&elder=1", headers={"Accept-Language": "en", "Cookie": "lang=en"})
    assert chosen.data == plain.data
    assert "Set-Cookie" not in chosen.headers
    assert plain.headers["Vary"] == "Accept-Encoding"
    assert plain.headers["Cache-Control"] == "public, no-cache"
    assert plain.headers["Access-Control-Allow-Origin"] == "*"
