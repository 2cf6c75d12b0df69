"""Every text of the pages has its English: the customers' site and the staff pages."""

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

_ROOT = Path(__file__).parents[2]
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize("site", ["public_status", "tracker/pages"])
def test_the_catalogue_is_complete_and_holds_nothing_else(site: str) -> None:
    with (_ROOT / site / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    keywords = {"_": None, "N_": None, "gettext": None}
    found = {
        message
        for _, _, message, _, _ in extract_from_dir(
            _ROOT, methods, options, keywords, directory_filter=_is_ours
        )
    }
    with (_ROOT / site / "translations" / "en" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        catalogue = {message.id: message for message in read_po(file) if message.id}
    assert set(catalogue) == found
    for message in catalogue.values():
        assert message.string, message.id
        assert not message.fuzzy, message.id
        assert not _CHINESE.search(message.string), message.id
        assert set(re.findall(r"%\((\w+)\)s", message.id)) == set(re.findall(r"%\((\w+)\)s", message.string))


def _is_ours(folder: str) -> bool:
    name = Path(folder).name
    return not name.startswith((".", "_")) and name != "node_modules"
