"""One design: a style sheet names nothing that no page has."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DESIGN = ROOT / "tracker" / "pages" / "design"
# Swagger UI brings its own markup.
SHEETS = sorted(sheet for sheet in DESIGN.glob("*.css") if sheet.name != "api-docs.css")
_WORD = re.compile(r"[A-Za-z][\w-]*")
_OF_ELEMENTS = re.compile(r'class="([^"]*)"')
_OF_SCRIPTS = re.compile(r"""(?:["'`])([^"'`\n]*)(?:["'`])""")


def _classes(sheet: str) -> set[str]:
    selectors = re.findall(r"([^{}]+)\{", re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL))
    return {name for one in selectors for name in re.findall(r"\.([A-Za-z][\w-]*)", one)}


@pytest.fixture(scope="module")
def named() -> set[str]:
    """Every word of a class attribute, and of what scripts say."""
    templates = [*(ROOT / "tracker" / "pages").rglob("*.html"), *(ROOT / "public_status").rglob("*.html")]
    texts = [text for file in templates for text in _OF_ELEMENTS.findall(file.read_text(encoding="utf-8"))]
    texts += [
        text
        for file in DESIGN.rglob("*.js")
        for text in _OF_SCRIPTS.findall(file.read_text(encoding="utf-8"))
    ]
    return {word for text in texts for word in _WORD.findall(text)}


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_every_class_of_a_sheet_is_on_some_page(sheet: Path, named: set[str]) -> None:
    # What a data attribute says may hold a dot.
    text = re.sub(r"\[[^\]]*\]", "", sheet.read_text(encoding="utf-8"))
    assert _classes(text) - named == set()
