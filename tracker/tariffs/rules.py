"""One month's notice, and money in words."""

from datetime import date, timedelta

from dateutil.relativedelta import relativedelta


def add_month(day: date) -> date:
    """The corresponding day of the next month, or its last day (民法典 202)."""
    return day + relativedelta(months=1)


def latest_notice_on(effective_on: date) -> date:
    """The last day on which a notice may arrive for a change that begins at 00:00 of `effective_on`.

    A whole month must have run out before that moment: the latest N with
    add_month(N) <= effective_on - 1 day (民法典 137, 202, read strictly). Going back a month from
    the eve is not the inverse: for 1 March it would give 28 January instead of the 31st, so the
    days after it are tried.
    """
    eve = effective_on - timedelta(days=1)
    day = eve - relativedelta(months=1)
    while add_month(day + timedelta(days=1)) <= eve:
        day += timedelta(days=1)
    return day


def yuan(fen: int) -> str:
    """An amount in fen (分) as people write yuan: "129", "129.50", "-3.05"."""
    sign, fen = ("-", -fen) if fen < 0 else ("", fen)
    whole, rest = divmod(fen, 100)
    return f"{sign}{whole}.{rest:02d}" if rest else f"{sign}{whole}"
