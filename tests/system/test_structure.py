"""Rules about the code itself."""

import re
import subprocess
from pathlib import Path

from tracker import create_app
from tracker.notices.rules import QUEUES
from tracker.problems import RULES

ROOT = Path(__file__).parents[2]
CODE = [
    path
    for folder in ("tracker", "workers", "public_status", "migrations", "bench", "tests")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "node_modules" not in path.parts
]
PRODUCT = [
    path for path in CODE if path.relative_to(ROOT).parts[0] in ("tracker", "workers", "public_status")
]


def test_a_room_can_be_read_in_one_sitting() -> None:
    lines = {path: len(path.read_text().splitlines()) for path in CODE}
    assert [path for path, count in lines.items() if count > (400 if path in PRODUCT else 800)] == []


def test_only_the_clock_asks_for_the_time() -> None:
    """I4. Monotonic time measures how long something took and is no date."""
    asks = re.compile(r"datetime\.now\(|datetime\.utcnow\(|date\.today\(|time\.time\(")
    others = [path for path in PRODUCT if path.name != "clock.py" and "embedded" not in path.parts]
    assert [path for path in others if asks.search(path.read_text())] == []


def test_every_address_of_the_service_asks_who_is_calling(runtime) -> None:
    described = {"/api/v1/openapi.json", "/api/v1/docs", "/api/v1/problems"}
    open_to_all = {"/healthz", "/readyz", "/metrics", *described}
    app = create_app(runtime)
    client = app.test_client()
    for rule in app.url_map.iter_rules():
        if rule.rule in open_to_all or rule.endpoint.startswith(("static", "pages.static", "staff.sign_in")):
            continue
        address = re.sub(r"<[^>]+>", "1", rule.rule)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            answer = client.open(address, method=method)
            # 400: a form without its token, which only a page that was shown gives out.
            refusals = (302, 401, 403, 404) if address.startswith("/api/") else (302, 400, 401, 403, 404)
            assert answer.status_code in refusals, f"{method} {address}: {answer.status_code}"
            if answer.status_code == 302:
                assert "/sign-in" in answer.headers["Location"]


def test_every_queue_has_a_worker_in_the_demonstration(config) -> None:
    from tracker.demo.run import _children

    names = {child.name for child in _children(config, ROOT)}
    assert {f"worker-{queue}" for queue in (*QUEUES, "webhooks", "upkeep", "files")} <= names


def test_every_rule_id_in_the_code_is_registered_and_used() -> None:
    text = "\n".join(path.read_text() for path in PRODUCT)
    named = set(re.findall(r"""(?:Fault|RuleText|problem)\(\s*["']([a-z_]+\.[a-z_]+)["']""", text))
    assert named <= set(RULES)
    # The API's description names rules too, and breaks none.
    told = "\n".join(path.read_text() for path in PRODUCT if path.name != "refusals.py")
    told = re.sub(r"\.operation\((?:[^()]|\([^()]*\))*\)", "", told)
    unused = {rule for rule in RULES if told.count(f'"{rule}"') < 2}
    assert unused == set()


def test_locks_name_versions_and_hashes_but_no_addresses() -> None:
    for name in (
        "requirements.lock",
        "requirements-aliyun.lock",
        "requirements-dev.lock",
        "requirements-node.lock",
        "package-lock.json",
        "tests/contract/package-lock.json",
    ):
        text = (ROOT / name).read_text()
        assert "://" not in re.sub(r'"(url|funding)": "[^"]*"', "", text), name
        if name.endswith(".lock"):
            assert all("--hash" in block for block in re.split(r"\n(?=[a-z])", text) if "==" in block)


def test_every_setting_is_in_the_readme() -> None:
    source = (ROOT / "tracker" / "config.py").read_text()
    ours, _, providers = source.partition("def _twilio")
    twilios, _, aliyuns = providers.partition("def _aliyun")
    read = r'(?:env\.(?!prefixed)\w+\(|_postgres\(env,)\s*"([A-Z_]+)"'
    names = [f"TRACKER_{name}" for name in re.findall(read, ours)]
    names += [f"TWILIO_{name}" for name in re.findall(read, twilios)]
    names += [f"ALIYUN_{name}" for name in re.findall(read, aliyuns)]
    assert len(names) > 25
    readme = (ROOT / "README.md").read_text()
    assert [name for name in names if f"`{name}`" not in readme] == []


def test_nothing_built_or_fetched_is_committed() -> None:
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    bad = [
        f
        for f in files.stdout.splitlines()
        if "node_modules/" in f or f.endswith((".mo", ".min.css", ".min.js"))
    ]
    assert bad == []
