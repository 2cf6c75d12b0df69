"""The bench is run by hand, so what it imports is tried here."""

import subprocess
import sys


def test_it_offers_what_it_measures() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "bench", "--help"], capture_output=True, text=True, check=True
    )
    for row in ("intake", "figures", "growth"):
        assert row in told.stdout
