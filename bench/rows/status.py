"""A customer's lookup on the public site: number and last four digits in, a page out."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

from bench import load
from bench.figures import BenchError, Plan, Row
from bench.rows.examples import known_orders
from bench.system import System, Web, fetch, free_port
from bench.turns import Target, compare

_NAME = "status pages"
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_UNLIMITED = "1000000 per second"
# Of what the bare view could do.
_WANTED = 0.6
_SOME_LINES = 100


def measure(system: System, plan: Plan, ceilings: Web, step: Callable[[str], None]) -> list[Row]:
    """POST /status; every request is counted, but none refused."""
    known = known_orders(system, plan.orders)
    step(f"{_NAME}: starting the public site")
    with public_site(system) as site:
        return [_compare(system, plan, ceilings, site, known, step)]


@contextmanager
def public_site(system: System) -> Iterator[Web]:
    """The customers' site for the length of the block, with limits that one address does not reach."""
    port = free_port()
    limits = {"TRACKER_PUBLIC_PORT": str(port), "TRACKER_LOOKUP_LIMIT": _UNLIMITED}
    with system.process("public-site", "tracker", "serve-public", ready=port, **limits) as pid:
        yield Web(port, pid)


def lookups(known: list[tuple[str, str]]) -> tuple[bytes, ...]:
    """The requests that look these orders up."""
    headers = {"Content_Type": _FORM["Content-Type"]}
    return tuple(load.request("POST", "/status", form, **headers) for form in _forms(known))


def _forms(known: list[tuple[str, str]]) -> list[bytes]:
    return [urlencode({"number": number, "last4": digits}).encode() for number, digits in known]


def _lines(port: int, form: bytes, size: int) -> int:
    """How many lines make the bare page as large."""
    none, some = (
        len(fetch(port, "POST", f"/page?lines={lines}", form, _FORM)[1]) for lines in (0, _SOME_LINES)
    )
    return max(1, round((size - none) * _SOME_LINES / (some - none)))


def _compare(
    system: System,
    plan: Plan,
    ceilings: Web,
    site: Web,
    known: list[tuple[str, str]],
    step: Callable[[str], None],
) -> Row:
    forms = _forms(known)
    status, page = fetch(site.port, "POST", "/status", forms[0], _FORM)
    if status != 200 or known[0][0].encode() not in page:
        raise BenchError(f"POST /status answered {status} without the order")
    lines = _lines(ceilings.port, forms[0], len(page))
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
            lookups(known),
        ),
        [
            Target("Flask hello", ceilings.port, ceilings.pid, (load.request("GET", "/hello"),)),
            Target(
                "Flask, one SELECT, one template",
                ceilings.port,
                ceilings.pid,
                tuple(load.request("POST", f"/page?lines={lines}", form, **headers) for form in forms),
                wanted=_WANTED,
            ),
        ],
        step,
        f"pages of {len(page):,} bytes, the bare one of {len(bare):,}",
    )
