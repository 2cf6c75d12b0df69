"""Examples of the API's description: a file for each part, in it by the name of a schema its example.

What an example says was true on 24 November 2026 in Qingyuan. tests/api/test_examples.py sends each one
of a request as on that day, so none stands here that does not work.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).resolve().parent


@cache
def examples() -> Mapping[str, Any]:
    """The examples by the names of their schemas, or of an operation whose answer has no schema."""
    found: dict[str, Any] = {}
    for path in sorted(_FOLDER.glob("*.json")):
        found |= json.loads(path.read_text(encoding="utf-8"))
    return found
