"""The watch over the log hears what it should, whatever a process does with its handlers."""

import logging

import pytest
import structlog

from tests.watched_log import Watch, found_in
from tracker import logs


@pytest.mark.parametrize(
    "text",
    [
        "+8613800001234",
        "8613800001234",
        "13800001234",
        "{'to': '138 0000 1234'}",
        "tel:+86-138-0000-1234",
        "张三丰",
        "测试路1号",
        "验证码384921",
        "Code: 384921",
    ],
)
def test_what_is_personal_is_found(text: str) -> None:
    assert found_in(f"a line with {text} in it")


@pytest.mark.parametrize(
    "text",
    [
        "138****1234",
        "张*",
        "2026-11-26T01:19:42.978371Z",
        "QY261123K7M4QZX",
        "0013800001234000",
        "9f13800001234",
        "{'count': 384921}",
        "10000",
    ],
)
def test_what_is_not_is_left_alone(text: str) -> None:
    assert found_in(text) == []


def test_every_way_to_log_is_heard(watched_log: Watch) -> None:
    logs.configure("INFO")
    logging.getLogger().handlers = []
    structlog.get_logger("tests.watched").info("sent", to="+8613800001234")
    logging.getLogger("tests.plain").info("to %s", "13800001234")
    try:
        raise ValueError("张三")
    except ValueError:
        logging.getLogger("tests.failed").exception("failed")
    watched_log.secrets.add("384921")
    structlog.get_logger("tests.watched").info("checked", given="384921")
    found, watched_log.found[:] = list(watched_log.found), []
    assert [one.split(": ")[0] for one in found] == [
        "tests.watched",
        "tests.plain",
        "tests.failed",
        "tests.watched",
    ]
