"""The sheet of definitions says in two languages what the figures do."""

import re

import pytest

from tracker.figures.definitions import DEFINITIONS, Definition, Source
from tracker.figures.measure_rules import FINE_UNTIL
from tracker.figures.rules import LEAST_SAMPLE


@pytest.mark.parametrize("one", DEFINITIONS.values(), ids=DEFINITIONS)
def test_each_is_told_in_both_languages(one: Definition) -> None:
    for words in (one.name("zh"), one.meaning("zh")):
        assert re.search(r"[\u4e00-\u9fff]", words)
    for words in (one.name("en"), one.meaning("en")):
        assert words
        assert not re.search(r"[\u4e00-\u9fff]", words)
    assert one.meaning("zh").endswith("。")
    assert one.meaning("en").endswith(".")
    assert one.source is not Source.LAW, "no law says how these are counted"


def test_numbers_in_words_are_those_that_count() -> None:
    hours = str(FINE_UNTIL // 3600)
    for language in ("zh", "en"):
        assert hours in re.findall(r"\d+", DEFINITIONS["duration"].meaning(language))
        assert re.findall(r"\d+", DEFINITIONS["sample"].meaning(language)) == [str(LEAST_SAMPLE)]
