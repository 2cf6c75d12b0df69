"""Where installers' photos lie."""

from tracker.runtime import Runtime
from tracker.sealed_files import SealedFiles

_PURPOSE = "site_photos"


def photo_files(runtime: Runtime) -> SealedFiles:
    """The folder of photos. Raises ConfigError where none is named."""
    return SealedFiles(runtime.config.files_dir, runtime.keys, _PURPOSE)
