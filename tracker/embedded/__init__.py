"""Real PostgreSQL and Valkey servers for a demo, a test or a small office: no installation, no ports.

Both listen on Unix sockets in a private folder only. They belong to one supervisor process per data folder,
which ends with the process that started it, by whatever death; the data stays and the next start goes on
with it. Run as root, they drop to a system user (see `account`).

`TRACKER_DATA_DIR` names the data folder, `TRACKER_EMBEDDED_PREFER=system` takes the system's programs before
those of the wheels, `TRACKER_EMBEDDED_PG_OPTIONS` adds to PostgreSQL's command line (`-c fsync=off`: tests).
"""

from tracker.embedded.client import is_set_up, running, servers
from tracker.embedded.errors import EmbeddedError
from tracker.embedded.folders import default_data_dir
from tracker.embedded.state import Servers

__all__ = ["EmbeddedError", "Servers", "default_data_dir", "is_set_up", "running", "servers"]
