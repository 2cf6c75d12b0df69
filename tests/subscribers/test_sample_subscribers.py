"""The demonstration's subscribers: every row of the sample is sound, and a second start adds none."""

from tracker.demo.sample_subscribers import PER_OPERATOR, fill


def test_every_operator_has_its_subscribers_once(runtime, stored, tmp_path) -> None:
    said: list[str] = []
    fill(runtime, tmp_path, said.append)
    base = stored()
    operators = runtime.reference.current().operators
    assert len(base) == PER_OPERATOR * len(operators)
    assert len(said) == len(operators)
    numbers = {bytes(one.contact_digest) for one in base.values()}
    assert len(numbers) < len(base), "some have two"
    assert {one.takes_texts for one in base.values()} == {True, False}
    assert {one.language for one in base.values()} == {"zh", "en"}
    assert {one.agreement for one in base.values()} == {None, "discount", "contract"}
    fill(runtime, tmp_path, said.append)
    assert (stored(), len(said)) == (base, len(operators))
