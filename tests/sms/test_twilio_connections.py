"""I2: which failures prove that no request can have reached Twilio."""

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from certificates import self_signed
from hostile import HostileTwilio
from twilio_samples import SMS, gateway_to

from tracker.sms.port import Accepted, NotSent, Outcome, Sms, Unknown
from tracker.sms.twilio import TwilioGateway

Attempt = Callable[[str], Outcome]


@pytest.fixture
def attempt(send: Callable[[TwilioGateway, Sms], Outcome]) -> Attempt:
    def at(url: str) -> Outcome:
        with gateway_to(url) as gateway:
            return send(gateway, SMS)

    return at


def test_a_closed_port_proves_that_nothing_was_sent(attempt: Attempt) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert isinstance(attempt(f"http://127.0.0.1:{port}"), NotSent)


def test_an_unknown_host_proves_that_nothing_was_sent(
    monkeypatch: pytest.MonkeyPatch, attempt: Attempt
) -> None:
    def nobody(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    assert isinstance(attempt("http://twilio.invalid"), NotSent)


def test_a_connection_that_is_never_answered_proves_that_nothing_was_sent(attempt: Attempt) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        with socket.create_connection(full.getsockname()):
            assert isinstance(attempt(f"http://127.0.0.1:{full.getsockname()[1]}"), NotSent)


def test_a_tls_handshake_with_no_answer_proves_that_nothing_was_sent(attempt: Attempt) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        assert isinstance(attempt(f"https://127.0.0.1:{mute.getsockname()[1]}"), NotSent)


def test_a_server_without_tls_proves_that_nothing_was_sent(server: HostileTwilio, attempt: Attempt) -> None:
    assert isinstance(attempt(server.url.replace("http:", "https:")), NotSent)
    assert server.requests == []


@pytest.fixture
def tls_server(tmp_path: Path) -> Iterator[tuple[HostileTwilio, Path]]:
    certificate = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    hostile = HostileTwilio(context)
    yield hostile, certificate
    hostile.close()


def test_an_untrusted_certificate_proves_that_nothing_was_sent(
    tls_server: tuple[HostileTwilio, Path], attempt: Attempt
) -> None:
    assert isinstance(attempt(tls_server[0].url), NotSent)
    assert tls_server[0].requests == []


@pytest.mark.parametrize(("behaviour", "kind"), [("accept", Accepted), ("accept, then reset", Unknown)])
def test_what_fails_after_a_handshake_proves_nothing(
    tls_server: tuple[HostileTwilio, Path],
    monkeypatch: pytest.MonkeyPatch,
    behaviour: str,
    kind: type,
    attempt: Attempt,
) -> None:
    server, certificate = tls_server
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    server.behaviour = behaviour
    assert isinstance(attempt(server.url), kind)
    assert len(server.requests) == len(server.messages) == 1


def test_a_time_out_is_the_longest_that_a_whole_request_can_take(
    server: HostileTwilio, attempt: Attempt
) -> None:
    server.behaviour = "accept, then trickle"
    began = time.monotonic()
    assert isinstance(attempt(server.url), Unknown)
    assert time.monotonic() - began < 1.5
