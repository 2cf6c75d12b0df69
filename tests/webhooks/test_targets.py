"""What a webhook may lead to: public addresses over TLS, and nothing else unless it is allowed by name."""

import socket
from ipaddress import ip_network

import pytest

from tracker import config as configuration
from tracker.problems import Refusal
from tracker.runtime import start
from tracker.setting_kinds import ConfigError
from tracker.webhooks import addresses
from tracker.webhooks.addresses import check_url
from tracker.webhooks.deliver import deliver
from tracker.webhooks.rules import may_connect, url_fault

_PUBLIC = "203.0.114.7"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.255.254",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "100.64.0.1",
        "100.127.255.254",
        "169.254.169.254",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "2001:db8::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "2002:a00:1::1",
    ],
)
def test_private_addresses_are_never_connected_to(address) -> None:
    assert not may_connect(address, ())
    assert not may_connect(address, (ip_network("203.0.113.0/24"),))


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "223.5.5.5", "2400:3200::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_public_ones_may_be(address) -> None:
    assert may_connect(address, ())


def test_networks_that_are_allowed_by_name() -> None:
    allowed = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
    assert may_connect("10.2.3.4", allowed)
    assert may_connect("::ffff:10.2.3.4", allowed)
    assert may_connect("fd00::5", allowed)
    assert not may_connect("192.168.0.1", allowed)


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("https://example.com/hooks", None),
        ("https://example.com:8443/a?b=c", None),
        ("https://回调.例子.测试/x", None),
        ("https://[2400:3200::1]/x", None),
        ("ftp://example.com/", "webhook.url"),
        ("file:///etc/passwd", "webhook.url"),
        ("javascript:alert(1)", "webhook.url"),
        ("//example.com/x", "webhook.url"),
        ("https://", "webhook.url"),
        ("https:///x", "webhook.url"),
        ("example.com/x", "webhook.url"),
        ("https://example.com/#part", "webhook.url"),
        ("https://exa mple.com/", "webhook.url"),
        ("https://example.com\\@127.0.0.1/", "webhook.url"),
        ("https://example.com/\r\nX-Header: 1", "webhook.url"),
        ("https://example.com:99999/", "webhook.url"),
        ("https://example.com:x/", "webhook.url"),
        ("https://[::1/", "webhook.url"),
        ("https://user:pass@example.com/", "webhook.credentials"),
        ("https://user@example.com/", "webhook.credentials"),
        ("https://@example.com/", "webhook.credentials"),
        ("https://example.com:22/", "webhook.port"),
        ("https://example.com:0/", "webhook.port"),
        ("https://example.com:1023/", "webhook.port"),
        ("https://example.com/" + "a" * 500, "webhook.url"),
        ("https://" + "a" * 64 + ".中文/", "webhook.url"),
    ],
)
def test_an_address_by_its_look(url, rule) -> None:
    assert url_fault(url) == rule


@pytest.fixture
def leads_to(monkeypatch):
    """Makes every name lead to these addresses."""

    def set_to(*found: str) -> None:
        def look_up(host: str, port: object, **_: object) -> list[tuple]:
            return [
                (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port))
                for one in found
            ]

        monkeypatch.setattr(addresses.socket, "getaddrinfo", look_up)

    return set_to


@pytest.mark.parametrize(
    ("url", "found", "rule"),
    [
        ("https://a.example/", [_PUBLIC], None),
        ("https://a.example/", [], "webhook.unresolved"),
        ("https://a.example/", ["127.0.0.1"], "webhook.private_address"),
        ("https://a.example/", [_PUBLIC, "10.0.0.1"], "webhook.private_address"),
        ("https://a.example/", ["::ffff:192.168.0.1"], "webhook.private_address"),
        ("http://a.example/", [_PUBLIC], "webhook.https"),
    ],
)
def test_a_name_by_where_it_leads(url, found, rule, leads_to) -> None:
    leads_to(*found)
    if rule is None:
        check_url(url, ())
        return
    with pytest.raises(Refusal) as refused:
        check_url(url, ())
    assert [(fault.rule, fault.pointer) for fault in refused.value.faults] == [(rule, "/url")]


@pytest.mark.parametrize(
    "host",
    ["localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0", "[::ffff:7f00:1]", "127.0.0.1"],
)
def test_other_spellings_of_this_machine(host) -> None:
    with pytest.raises(Refusal, match=r"webhook\.(private_address|unresolved)"):
        check_url(f"https://{host}/", ())


def test_plain_http_only_into_networks_that_are_allowed(leads_to) -> None:
    ours = (ip_network("10.0.0.0/8"),)
    leads_to("10.0.0.9")
    check_url("http://inside.example/", ours)
    leads_to("10.0.0.9", _PUBLIC)
    with pytest.raises(Refusal, match=r"webhook\.https"):
        check_url("http://inside.example/", ours)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_name_that_leads_elsewhere_by_the_time_of_sending(
    scheme, runtime, receiver, hook, place, work, leads_to
) -> None:
    """DNS rebinding: public when it was saved, our own network when it is connected to."""
    to = receiver()
    made = hook(to)
    work.set("UPDATE webhooks SET url = :url", url=f"{scheme}://rebound.example:{to.port}/")
    leads_to("169.254.169.254")
    place()
    deliver(runtime)
    (row,) = work.rows()
    assert row.state == "waiting"
    assert row.error == ("private_address" if scheme == "https" else "not_https")
    assert to.got == []
    assert made.id == row.webhook_id


def test_an_address_that_is_not_allowed_any_more(
    settings, monkeypatch, receiver, hook, place, work, runtime
) -> None:
    to = receiver()
    hook(to)
    place()
    monkeypatch.setenv("TRACKER_WEBHOOK_ALLOW", "10.0.0.0/8")
    stricter = start(configuration.load())
    deliver(stricter)
    stricter.close()
    assert to.got == []
    assert work.rows()[0].error == "not_https"


def test_redirects_are_not_followed_and_proxies_not_used(
    runtime, receiver, hook, place, work, monkeypatch
) -> None:
    elsewhere = receiver()
    to = receiver((307, {"Location": elsewhere.url}))
    monkeypatch.setenv("HTTP_PROXY", elsewhere.url)
    monkeypatch.setenv("http_proxy", elsewhere.url)
    monkeypatch.setenv("ALL_PROXY", elsewhere.url)
    hook(to)
    place()
    deliver(runtime)
    assert (len(to.got), len(elsewhere.got)) == (1, 0)
    assert work.rows()[0].error == "redirect"


@pytest.mark.parametrize("value", ["x", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/8;::1"])
def test_a_setting_that_names_no_networks_stops_the_start(value, settings, monkeypatch) -> None:
    monkeypatch.setenv("TRACKER_WEBHOOK_ALLOW", value)
    with pytest.raises(ConfigError, match="TRACKER_WEBHOOK_ALLOW"):
        configuration.load()
