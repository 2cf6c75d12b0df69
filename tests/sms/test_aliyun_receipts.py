"""Aliyun's pushes, read: what they say, and what is left out of them (I5)."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.sms.aliyun_receipts import ACKNOWLEDGEMENT, read
from tracker.sms.port import Standing

# The example of Aliyun's documentation, with our id as out_id.
PUSHED = {
    "phone_number": "13811110000",
    "send_time": "2026-11-24 10:21:01",
    "report_time": "2026-11-24 10:21:03",
    "success": True,
    "err_code": "DELIVERED",
    "err_msg": "用户接收成功",
    "sms_size": "1",
    "biz_id": "932702304080415357^0",
    "out_id": "41",
}


def only(**changes):
    received = read(json.dumps([{**PUSHED, **changes}]).encode())
    assert received is not None
    (receipt,) = received.receipts
    return receipt


def test_a_receipt_is_read_whole() -> None:
    receipt = only()
    assert (receipt.notice_id, receipt.reference) == (41, "932702304080415357^0")
    assert (receipt.standing, receipt.word, receipt.error_code) == (Standing.DELIVERED, "DELIVERED", None)
    assert receipt.at == datetime(2026, 11, 24, 2, 21, 3, tzinfo=UTC)


def test_the_phone_number_is_not_kept() -> None:
    assert "13811110000" not in repr(only())


def test_a_failure_names_its_code() -> None:
    receipt = only(success=False, err_code="MK:0001", err_msg="空号")
    assert (receipt.standing, receipt.error_code) == (Standing.UNDELIVERED, "MK:0001")


@pytest.mark.parametrize("out_id", [None, "", "x41", "-1", "0", "4١", "9" * 30, True, 4.1, [41], "41 "])
def test_what_is_no_id_of_ours_names_no_notice(out_id) -> None:
    assert only(out_id=out_id).notice_id is None


@pytest.mark.parametrize("said", [None, "soon", "2026-13-01 00:00:00", 5, "2026-11-24T10:21:03Z"])
def test_a_time_that_cannot_be_read_is_none(said) -> None:
    assert only(report_time=said).at is None


def test_several_at_once_and_what_is_none_among_them() -> None:
    received = read(json.dumps([PUSHED, 5, None, [], {}, PUSHED]).encode())
    assert received is not None
    assert [receipt.notice_id for receipt in received.receipts] == [41, None, 41]
    assert (
        json.loads(received.acknowledgement) == json.loads(ACKNOWLEDGEMENT) == {"code": 0, "msg": "接收成功"}
    )


@pytest.mark.parametrize("body", [b"", b"{}", b"[", b'"x"', b"\xff", b"[" * 100_000])
def test_what_is_no_array_is_refused(body) -> None:
    assert read(body) is None


@given(
    st.dictionaries(
        st.sampled_from(sorted(PUSHED)),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text()),
    )
)
def test_whatever_stands_in_a_receipt_the_database_can_take_it(fields) -> None:
    received = read(json.dumps([fields]).encode())
    assert received is not None
    for receipt in received.receipts:
        for text in (receipt.reference, receipt.word, receipt.error_code or "", *receipt.raw.values()):
            assert text.isascii()
            assert text.isprintable()
        assert len(receipt.reference) <= 64
        assert len(receipt.word) <= 40
