"""The demonstration's orders show each way that money can stand."""

from sqlalchemy import text

from tracker.demo.sample import fill
from tracker.orders.fee_queries import fee_book


def test_deposits_waivers_and_refunds_are_among_the_examples(runtime, tmp_path) -> None:
    fill(runtime, tmp_path, lambda words: None)
    with runtime.db.reading() as connection:
        orders = connection.execute(text("SELECT operator_id, number FROM orders ORDER BY id")).all()
        books = [fee_book(connection, order.operator_id, order.number) for order in orders]
    fees = [fee for book in books if book for fee in book.fees]
    assert {"due", "paid", "to_return", "refunded"} <= {fee.state for fee in fees}
    assert any(fee.fee == "deposit" and fee.paid_fen for fee in fees)
    assert any(fee.fee == "deposit" and fee.due_on for fee in fees)
    assert any(fee.waived_fen for fee in fees)
    before = [book.version for book in books if book]
    fill(runtime, tmp_path, lambda words: None)
    with runtime.db.reading() as connection:
        assert connection.scalars(text("SELECT version FROM orders ORDER BY id")).all() == before
