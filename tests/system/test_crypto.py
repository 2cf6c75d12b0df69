"""Personal data at rest."""

from pathlib import Path

import pytest

from tracker import crypto


def test_what_is_sealed_opens_for_its_column_only() -> None:
    ring = crypto.new_ring()
    sealed = ring.seal("13800001234", "orders.phone")
    assert b"13800001234" not in sealed
    assert ring.open(sealed, "orders.phone") == "13800001234"
    assert ring.seal("13800001234", "orders.phone") != sealed
    with pytest.raises(crypto.UnreadableError):
        ring.open(sealed, "orders.name")
    with pytest.raises(crypto.UnreadableError):
        ring.open(sealed[:-1] + bytes([sealed[-1] ^ 1]), "orders.phone")
    for junk in (b"x", b"\x01\x50abc", bytes(40)):
        with pytest.raises(crypto.UnreadableError):
            ring.open(junk, "orders.phone")


def test_a_rotated_ring_reads_the_old_and_writes_the_new() -> None:
    old = crypto.new_ring()
    new = old.rotated()
    assert new.open(old.seal("x", "c"), "c") == "x"
    with pytest.raises(crypto.UnreadableError):
        old.open(new.seal("x", "c"), "c")
    assert new.digest_of("p", "x") == old.digest_of("p", "x"), "lookups survive a rotation"


def test_digests_of_two_purposes_cannot_be_compared() -> None:
    ring = crypto.new_ring()
    assert ring.digest_of("a", "x") != ring.digest_of("b", "x")


def test_the_file_is_private_and_made_once(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    ring = crypto.load_or_create(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert crypto.load_or_create(path) == ring
    assert [p.name for p in tmp_path.iterdir()] == ["keys.json"]


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"digest": "AA=="}', '{"digest": 5}', '{"encryption": []}']
)
def test_a_broken_file_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(crypto.KeyRingError):
        crypto.load(path)


def test_a_process_may_hold_no_encryption_keys() -> None:
    ring = crypto.new_ring()
    reduced = crypto.KeyRing(None, {}, ring.digest)
    assert crypto.parse(reduced.dump()).digest_of("p", "x") == ring.digest_of("p", "x")
    with pytest.raises(crypto.KeyRingError):
        reduced.seal("x", "c")
    with pytest.raises(crypto.UnreadableError):
        reduced.open(ring.seal("x", "c"), "c")
