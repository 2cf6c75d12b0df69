"""Headers that people write: our names of columns or Chinese titles, in any order, with units or stars."""

import re
from collections.abc import Collection, Mapping, Sequence

from tracker.files.rows import Header
from tracker.problems import Fault, Refusal

_BRACKETS = re.compile(r"[(（][^()（）]*[)）]$")


def bare(name: str) -> str:
    """A name without its unit in brackets, the star of a needed column, blanks and capitals."""
    return _BRACKETS.sub("", re.sub(r"[\s*＊]", "", name)).casefold()


class Titles(Header):
    """The columns of a kind of file, each by our name of its field and by its title.

    `also`: other titles that people use; `ignored`: columns that are passed over.
    """

    def __init__(
        self,
        titles: Mapping[str, str],
        needed: Sequence[str],
        also: Mapping[str, str],
        ignored: Collection[str],
    ) -> None:
        super().__init__(titles, needed)
        self._titles = titles
        self._ignored = frozenset(ignored)
        self._fields = (
            {bare(title): field for field, title in titles.items()}
            | {field: field for field in titles}
            | {bare(title): field for title, field in also.items()}
        )

    def field_of(self, name: str) -> str | None:
        """The field that a column stands for; None for one that is to be passed over."""
        return None if name in self._ignored else self._fields.get(bare(name))

    def check(self, names: list[str]) -> None:
        """Raises Refusal with file.missing_column, file.unknown_column, file.repeated_column."""
        found = [self.field_of(name) for name in names]
        faults = [
            Fault("file.missing_column", "", {"column": self._titles[field]})
            for field in self.needed
            if field not in found
        ]
        faults += [
            Fault("file.unknown_column", "", {"column": name})
            for name, field in zip(names, found, strict=True)
            if field is None and name not in self._ignored
        ]
        faults += [
            Fault("file.repeated_column", "", {"column": self._titles[field]})
            for field in self._titles
            if found.count(field) > 1
        ]
        if faults:
            raise Refusal(*faults)
