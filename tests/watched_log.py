"""Every line that the product logs while tests run is read for what must never stand in one (I5).

Records are looked at as they are made, so that no handler that a test takes away hides one.
"""

import logging
import re
from typing import Any

# As people and machines write them, but not as part of a longer number or of a digest.
_PHONE = re.compile(r"(?<![0-9A-Za-z])(?:(?:\+|00)?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?![0-9A-Za-z])")
# A code of six digits beside the word for it.
_CODE = re.compile(r"(?:验证码|[Cc]ode)\W{0,6}(?:is )?\d{6}(?!\d)")
# Of the customers whom tests invent.
_NAMES = re.compile("张三|李四|王小二|陈小明|欧阳春雨|欧阳修")
_ADDRESSES = re.compile("测试路|北江路|人民路88|醉翁亭|秘密的路|301房")

_PERSONAL = (_PHONE, _CODE, _NAMES, _ADDRESSES)


def found_in(text: str) -> list[str]:
    """What is personal in a text."""
    return [match[0] for pattern in _PERSONAL for match in pattern.finditer(text)]


class Watch:
    """Listens to every logger of this process; `found` holds what was said and by which logger.

    `secrets`: what else must not be said, like a code that was just sent.
    """

    def __init__(self) -> None:
        self.found: list[str] = []
        self.secrets: set[str] = set()
        self.lines = 0
        self._make = logging.getLogRecordFactory()

    def begin(self) -> None:
        """Listen from now on."""
        logging.setLogRecordFactory(self._record)

    def end(self) -> None:
        """Leave logging as it was."""
        logging.setLogRecordFactory(self._make)

    def _record(self, *given: Any, **more: Any) -> logging.LogRecord:
        record = self._make(*given, **more)
        said = f"{record.msg!r} {record.args!r}"
        error = record.exc_info[1] if record.exc_info else None
        while error is not None:
            # Not the traceback, which quotes the lines of tests.
            said += f" {error}"
            error = error.__cause__ or error.__context__
        self.lines += 1
        personal = found_in(said) + [one for one in self.secrets if one in said]
        self.found += [f"{record.name}: {one}" for one in personal]
        return record
