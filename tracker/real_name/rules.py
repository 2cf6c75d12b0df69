"""The four real-name checks, what may come of one, and which are still wanting: pure decisions.

固话宽带开户管控四项措施 asks for four measures before a line is opened and names none; these four are ours.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from tracker.masks import holds_number
from tracker.problems import Fault


class Check(StrEnum):
    """What is checked, in the order in which a counter does it."""

    ID_DOCUMENT = "id_document"  # 证件核验
    FACE_MATCH = "face_match"  # 人像比对
    PHONE_CONFIRMED = "phone_confirmed"  # 手机号核验
    FRAUD_SCREENING = "fraud_screening"  # 涉诈风险核查


class Result(StrEnum):
    """What came of a check. One that was waived counts as one that passed."""

    PASSED = "passed"
    FAILED = "failed"
    WAIVED = "waived"


@dataclass(frozen=True)
class Words:
    """A code's words in Chinese and English."""

    zh: str
    en: str

    def said(self, language: str) -> str:
        """The words in zh or en."""
        return self.en if language == "en" else self.zh


CHECKS: Mapping[str, Words] = {
    Check.ID_DOCUMENT: Words("证件核验", "identity document"),
    Check.FACE_MATCH: Words("人像比对", "face match"),
    Check.PHONE_CONFIRMED: Words("手机号核验", "phone confirmed"),
    Check.FRAUD_SCREENING: Words("涉诈风险核查", "fraud screening"),
}

# Why a check fails, as the customer is told.
FAILURES: Mapping[str, Words] = {
    "document_expired": Words("证件已过期", "the document has expired"),
    "document_unreadable": Words("证件无法识别", "the document cannot be read"),
    "details_differ": Words("登记信息不一致", "the details differ"),
    "face_differs": Words("人像不一致", "the face does not match"),
    "phone_not_own": Words("手机号非本人", "the phone is another's"),
    "risk_listed": Words("涉诈风险提示", "a fraud warning"),
    "other": Words("其他原因", "another reason"),
}

ENOUGH = frozenset({Result.PASSED, Result.WAIVED})

# As long as what an identity card (15 or 18 characters) or a phone is made of, whatever stands between.
_PERSONAL = re.compile(r"(?<!\d)\d{15}(?:\d{2}[0-9Xx])?(?![0-9Xx])")


@dataclass(frozen=True)
class Outcome:
    """What is said to have come of a check."""

    kind: str
    result: str
    reference: str | None = None
    reason_code: str | None = None
    reason_text: str | None = None


def faults_of(outcome: Outcome, *, may_waive: bool) -> list[Fault]:
    """Every rule that the record of a check breaks."""
    faults = []
    passed, failed = outcome.result == Result.PASSED, outcome.result == Result.FAILED
    if passed and outcome.reference is None:
        faults.append(Fault("real_name.reference_required", "/reference"))
    if outcome.reference is not None and _PERSONAL.search(outcome.reference):
        faults.append(Fault("real_name.reference_personal", "/reference"))
    if failed and outcome.reason_code is None:
        faults.append(Fault("real_name.reason_required", "/reason_code"))
    if not failed and outcome.reason_code is not None:
        faults.append(Fault("real_name.reason_not_expected", "/reason_code"))
    if outcome.reason_text is None and (
        outcome.result == Result.WAIVED or (failed and outcome.reason_code == "other")
    ):
        faults.append(Fault("real_name.reason_text_required", "/reason_text"))
    if outcome.reason_text is not None and holds_number(outcome.reason_text):
        faults.append(Fault("real_name.text_personal", "/reason_text"))
    if outcome.result == Result.WAIVED and not may_waive:
        faults.append(Fault("real_name.waiver", "/result"))
    return faults


def missing(required: Collection[str], latest: Mapping[str, str]) -> tuple[Check, ...]:
    """The required checks that have neither passed nor been waived; `latest` is the last result of each."""
    return tuple(one for one in Check if one in required and latest.get(one) not in ENOUGH)


def not_passed(wanting: Iterable[Check]) -> Fault:
    """That an order may not go on, and for want of which checks."""
    codes = list(wanting)
    return Fault(
        "real_name.missing",
        "/stage",
        {
            "checks": ", ".join(codes),
            "names": "、".join(CHECKS[one].zh for one in codes),
            "names_en": ", ".join(CHECKS[one].en for one in codes),
        },
    )
