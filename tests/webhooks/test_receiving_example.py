"""The receiver in docs/webhooks.md, as it stands there, on a real socket."""

import re
from pathlib import Path
from typing import Any

from tests.serving import served
from tracker.orders.schemas import EventSchema
from tracker.webhooks.rules import STEPS

_PAGE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()


def test_it_takes_each_event_once(receiver, hook, place, step, work, runtime, capsys) -> None:
    place_holder = receiver()
    made = hook(place_holder)
    code = re.search(r"```python\n(.*?)```", _PAGE, re.DOTALL)
    assert code
    names: dict[str, Any] = {"__name__": "receiver"}
    exec(code[1].replace("whsec_…", made.secret), names)
    with served(names["app"]) as address:
        work.set("UPDATE webhooks SET url = :url", url=f"{address}/hooks")
        placed = place()
        step(placed, "verified")
        work.until_done()
        assert work.states() == ["delivered", "delivered"]
        assert len(names["seen"]) == 2
        forged = names["app"].test_client().post("/hooks", json={}, headers={"webhook-id": "evt_1_1"})
        assert forged.status_code == 401
    printed = [line for line in capsys.readouterr().out.splitlines() if line.startswith("order.")]
    assert [line.split()[0] for line in printed] == ["order.accepted", "order.stage"]
    assert placed.number in printed[1]


def test_the_page_names_every_field_and_every_step() -> None:
    example = re.search(r"```json\n(.*?)```", _PAGE, re.DOTALL)
    assert example
    assert set(re.findall(r'"(\w+)":', example[1])) == set(EventSchema().fields)
    words = "after 5 s, 30 s, 2, 10 and 30 min, 1, 2, 4, 6, 8, 12, 18 and 20 h"
    assert words in _PAGE
    hours = [1, 2, 4, 6, 8, 12, 18, 20]
    assert (5, 30, 120, 600, 1800, *(hour * 3600 for hour in hours)) == STEPS
