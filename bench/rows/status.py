"""A customer's lookup on the public site: number and last four digits in, a page out."""

from collections.abc import Callable
from urllib.parse import urlencode

from bench import load
from bench.figures import BenchError, Plan, Row
from bench.rows.examples import known_orders
from bench.system import System, Web, fetch, free_port
from bench.turns import Target, compare

_NAME = "status pages"
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_LINE_BYTES = 86
_UNLIMITED = "1000000 per second"


def measure(system: System, plan: Plan, ceilings: Web, step: Callable[[str], None]) -> list[Row]:
    """POST /status, without the limit on guesses."""
    known = known_orders(system, plan.orders)
    port = free_port()
    step(f"{_NAME}: starting the public site")
    limits = {"TRACKER_PUBLIC_PORT": str(port), "TRACKER_LOOKUP_LIMIT": _UNLIMITED}
    with system.process("public-site", "tracker", "serve-public", ready=port, **limits) as pid:
        return [_compare(system, plan, ceilings, Web(port, pid), known, step)]


def _compare(
    system: System,
    plan: Plan,
    ceilings: Web,
    site: Web,
    known: list[tuple[str, str]],
    step: Callable[[str], None],
) -> Row:
    forms = [urlencode({"number": number, "last4": digits}).encode() for number, digits in known]
    status, page = fetch(site.port, "POST", "/status", forms[0], _FORM)
    if status != 200 or known[0][0].encode() not in page:
        raise BenchError(f"POST /status answered {status} without the order")
    lines = max(1, (len(page) - 250) // _LINE_BYTES)
    status, bare = fetch(ceilings.port, "POST", f"/page?lines={lines}", forms[0], _FORM)
    if status != 200:
        raise BenchError(f"the bare page answered {status}")
    headers = {"Content_Type": _FORM["Content-Type"]}
    return compare(
        _NAME,
        system.generator,
        plan,
        Target(
            "POST /status",
            site.port,
            site.pid,
            tuple(load.request("POST", "/status", form, **headers) for form in forms),
        ),
        [
            Target("Flask hello", ceilings.port, ceilings.pid, (load.request("GET", "/hello"),)),
            Target(
                "Flask, one SELECT, one template",
                ceilings.port,
                ceilings.pid,
                tuple(load.request("POST", f"/page?lines={lines}", form, **headers) for form in forms),
            ),
        ],
        step,
        f"pages of {len(page):,} bytes, the bare one of {len(bare):,}",
    )
