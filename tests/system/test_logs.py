"""Logs say what they should, however often a process has set them up."""

import structlog
from structlog.testing import capture_logs

from tracker import logs


def test_a_logger_that_has_spoken_is_not_lost_when_logs_are_set_up_again() -> None:
    logs.configure("WARNING")
    log = structlog.get_logger("tests.logs")
    log.info("before")
    logs.configure("WARNING")
    with capture_logs() as heard:
        log.info("after")
    assert [line["event"] for line in heard] == ["after"]
