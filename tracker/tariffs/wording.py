"""Plans, days and fees as texts say them, in zh and en, and which text tells of what."""

from datetime import date

from babel.dates import format_date

from tracker.tariffs.rules import ChangeKind, yuan

_DAY = {"zh": "y年M月d日", "en": "d MMM y"}

TEMPLATES = {
    ChangeKind.PRICE: "tariff_change",
    ChangeKind.TERMS: "tariff_terms",
    ChangeKind.TERM_END: "tariff_term_end",
}
WITHDRAWN = "tariff_withdrawn"


def plan_words(name: str, filing_number: str, language: str) -> str:
    """A plan with its filing number: "千兆家庭套餐（24GD100001）", "Gigabit home plan (24GD100001)"."""
    return f"{name} ({filing_number})" if language == "en" else f"{name}（{filing_number}）"


def day_words(day: date, language: str) -> str:
    """A day with its year: "2027年1月1日", "1 Jan 2027"."""
    return format_date(day, _DAY[language], locale=language)


def fee_words(fen: int, language: str) -> str:
    """A monthly fee in a sentence that says so: "129元", "129 yuan"."""
    return f"{yuan(fen)} yuan" if language == "en" else f"{yuan(fen)}元"


def change_values(
    kind: ChangeKind,
    plan: str,
    language: str,
    *,
    effective_on: date,
    old_fen: int,
    new_fen: int,
    summary: str = "",
    agreed_until: date | None = None,
) -> dict[str, str]:
    """The parameters of the text that tells of a change, but for the operator's hotline and signature."""
    values = {"plan": plan, "effective": day_words(effective_on, language)}
    if kind is ChangeKind.TERMS:
        return values | {"summary": summary}
    values |= {"old_fee": fee_words(old_fen, language), "new_fee": fee_words(new_fen, language)}
    if agreed_until is not None:
        values["until"] = day_words(agreed_until, language)
    return values
