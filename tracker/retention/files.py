"""The sealed files that go with what is forgotten, wherever they lie."""

from collections.abc import Callable

from tracker.excuses.evidence import excuse_files
from tracker.runtime import Runtime
from tracker.site_work.photo_files import photo_files


def remover(runtime: Runtime) -> Callable[[str], None]:
    """Deletes a file by its name, which no two of all folders share; one that is gone is no fault."""

    def remove(name: str) -> None:
        for files in (photo_files(runtime), excuse_files(runtime)):
            files.remove(name)

    return remove
