"""A report as a PDF file, set by Typst from `report.typ`.

The template is the program's; whatever is in a report reaches it as data and is never read as markup.
"""

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import typst
from sqlalchemy import Row

from tracker.problems import Fault, Refusal
from tracker.reports.shown import shown_report
from tracker.reports.standing import standing_of
from tracker.reports.stored import Reading, stored

# Put there by the build of the pages (tracker/pages/design/build.js).
FONTS = Path(__file__).parent / "fonts"
_TEMPLATE = Path(__file__).parent / "report.typ"
_FONT_FILES = ("NotoSerifSC_400Regular.ttf", "NotoSerifSC_700Bold.ttf")
# Accessible to screen readers: tagged, with a title and a language (ISO 14289-1).
_STANDARD = "ua-1"


def pdf_of(row: Row[Any], language: str, read: Reading = stored) -> bytes:
    """The stored content in zh or en, as `read` has it; the same bytes each time, once it was submitted.

    Raises Refusal: report.fonts_missing, report.altered.
    """
    return bytes(typst.compile(**_compiling(row, language, read), pdf_standards=_STANDARD))


def pictures_of(row: Row[Any], language: str, ppi: float = 96) -> list[bytes]:
    """Its pages as PNG pictures, for whoever wants to look at them."""
    made = typst.compile(**_compiling(row, language, stored), format="png", ppi=ppi)
    return [bytes(one) for one in made] if isinstance(made, list) else [bytes(made)]


def _compiling(row: Row[Any], language: str, read: Reading) -> dict[str, Any]:
    if not all((FONTS / name).is_file() for name in _FONT_FILES):
        raise Refusal(Fault("report.fonts_missing"))
    content = read(row)
    data = shown_report(content, language).as_data() | {"standing": asdict(standing_of(row, language))}
    return {
        "input": str(_TEMPLATE),
        "sys_inputs": {"data": json.dumps(data, ensure_ascii=False)},
        "font_paths": [str(FONTS)],
        "ignore_system_fonts": True,
        "timestamp": int((row.submitted_at or datetime.fromisoformat(content["as_of"])).timestamp()),
    }
