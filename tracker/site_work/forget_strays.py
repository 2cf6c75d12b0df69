"""Delete the files of photos that no row names: what is left of a service that was killed between the two."""

from datetime import timedelta

from sqlalchemy import select

from tracker import clock
from tracker.runtime import Runtime
from tracker.site_work.models import SitePhoto
from tracker.site_work.photo_files import photo_files

# A file is written before its row is committed, which takes far less.
_SETTLED_AFTER = timedelta(days=1)


def forget_strays(runtime: Runtime) -> int:
    """How many files it deleted. Nobody could see them any more, and nothing else would ever forget them."""
    files, deleted = photo_files(runtime), 0
    for names in files.written_before(clock.now() - _SETTLED_AFTER):
        with runtime.db.reading() as connection:
            known = set(connection.scalars(select(SitePhoto.name).where(SitePhoto.name.in_(names))))
        for name in sorted(names - known):
            files.remove(name)
            deleted += 1
    return deleted
