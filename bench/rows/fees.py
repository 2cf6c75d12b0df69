"""The published fees on the public site: the same page for everybody, kept in memory."""

from collections.abc import Callable

from bench import load
from bench.figures import BenchError, Plan, Row
from bench.system import System, Web, fetch, free_port
from bench.turns import Target, compare

_NAME = "fee page from cache"
_WANTED = 0.7
# What a phone sends, as far as it matters here.
_HEADERS = {
    "Accept_Encoding": "gzip, deflate",
    "Accept_Language": "zh-CN,zh;q=0.9,en;q=0.8",
    "Cookie": "lang=zh; elder=0",
}


def measure(system: System, plan: Plan, ceilings: Web, step: Callable[[str], None]) -> list[Row]:
    """GET /fees, compressed, in the language that a browser asks for."""
    port = free_port()
    step(f"{_NAME}: starting the public site")
    with system.process(
        "public-site", "tracker", "serve-public", ready=port, TRACKER_PUBLIC_PORT=str(port)
    ) as pid:
        site = Web(port, pid)
        headers = {name.replace("_", "-"): value for name, value in _HEADERS.items()}
        status, page = fetch(site.port, "GET", "/fees", None, headers)
        if status != 200 or not page.startswith(b"\x1f\x8b"):
            raise BenchError(f"GET /fees answered {status}, or not compressed")
        row = compare(
            _NAME,
            system.generator,
            plan,
            Target("GET /fees", site.port, site.pid, (load.request("GET", "/fees", **_HEADERS),)),
            [
                Target(
                    "Flask hello",
                    ceilings.port,
                    ceilings.pid,
                    (load.request("GET", "/hello", **_HEADERS),),
                    wanted=_WANTED,
                )
            ],
            step,
            f"{len(page):,} bytes compressed",
        )
    return [row]
