"""What the fields of real-name checks mean; the rest of `tracker.api.glossary`."""

from collections.abc import Mapping

from tracker.real_name.rules import FAILURES, Check, Result

_CHECKS = tuple(one.value for one in Check)

WORDS: Mapping[str, str] = {
    "check": "Which check: 证件核验, 人像比对, 手机号核验 or 涉诈风险核查.",
    "result": "What came of it; `waived` by a manager counts as passed.",
    "CheckRequest.reference": "Number under which whoever checked keeps it; needed where it passed. Never the"
    " number of a document.",
    "Check.reference": "Number under which whoever checked keeps it; null where none was given.",
    "CheckRequest.reason_code": "Why it failed, which the customer is told; only of a check that failed.",
    "Check.reason_code": "Why it failed; null where it did not.",
    "CheckRequest.reason_text": "The reason in words, without anything personal; needed with `other`.",
    "Check.recorded_at": "When it was recorded.",
    "required": "Checks that the operator requires before an order is verified or connected.",
    "missing": "Those of them that have neither passed nor been waived.",
    "checks": "What came last of each check.",
    "real_name_checks": "What came last of each real-name check.",
}

ENUMS: Mapping[str, tuple[str, ...]] = {
    "Check.check": _CHECKS,
    "Check.result": tuple(one.value for one in Result),
    "Check.reason_code": tuple(FAILURES),
    "Checks.required": _CHECKS,
    "Checks.missing": _CHECKS,
}
