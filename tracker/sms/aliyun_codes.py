"""Alibaba Cloud's error codes, sorted by what a failure is about.

Source: the error codes of the short message service, https://help.aliyun.com/document_detail/101346.html,
and of every API of that house. A business failure comes with status 200 and a code that is not "OK".
"""

from tracker.sms.port import NotSent, Outcome, Refused, Scope, Unknown

_SCOPES: dict[str, Scope] = {
    "isv.MOBILE_NUMBER_ILLEGAL": Scope.NUMBER,
    "isv.BLACK_LIST": Scope.NUMBER,
    "isv.DENY_IP_RANGE": Scope.ACCOUNT,
    "isv.OUT_OF_SERVICE": Scope.ACCOUNT,
    "isv.AMOUNT_NOT_ENOUGH": Scope.ACCOUNT,
    "isv.ACCOUNT_NOT_EXISTS": Scope.ACCOUNT,
    "isv.ACCOUNT_ABNORMAL": Scope.ACCOUNT,
    "isv.PRODUCT_UN_SUBSCRIPT": Scope.ACCOUNT,
    "isv.PRODUCT_UNSUBSCRIBE": Scope.ACCOUNT,
    "isv.DAY_LIMIT_CONTROL": Scope.ACCOUNT,
    "isv.MONTH_LIMIT_CONTROL": Scope.ACCOUNT,
    "isv.SMS_SIGNATURE_ILLEGAL": Scope.ACCOUNT,
    "isv.SMS_SIGN_ILLEGAL": Scope.ACCOUNT,
    "isv.SIGN_STATE_ILLEGAL": Scope.ACCOUNT,
    "isv.SMS_TEMPLATE_ILLEGAL": Scope.ACCOUNT,
    "isv.TEMPLATE_STATE_ILLEGAL": Scope.ACCOUNT,
    "isv.SMS_SIGNATURE_SCENE_ILLEGAL": Scope.ACCOUNT,
    "isp.RAM_PERMISSION_DENY": Scope.ACCOUNT,
}
# Too many at this moment, for the account or for one number: nothing was sent, and later it can be.
_LATER = {"isv.BUSINESS_LIMIT_CONTROL": 3600.0}
_THROTTLED = ("Throttling", "isp.GATEWAY_LIMIT", "SERVICE_FLOW_LIMIT")


def outcome_of(code: str, status: int, retry_after: float | None = None) -> Outcome:
    """What a failure says: `code` as the provider names it, `status` of HTTP, seconds to wait if told.

    The platform's own troubles ("isp.…", 5xx) prove nothing. Other business codes ("isv.…") are
    about this one text, other refusals about our credentials and rights.
    """
    detail = f"HTTP {status}"
    if status >= 500:
        return Unknown(f"{detail} {code}")
    if status == 429 or code.startswith(_THROTTLED):
        return NotSent(code, retry_after)
    if code in _LATER:
        return NotSent(code, _LATER[code])
    if (scope := _SCOPES.get(code)) is not None:
        return Refused(scope, code, detail)
    if code.startswith("isv."):
        return Refused(Scope.CONTENT, code, detail)
    if 400 <= status < 500:
        return Refused(Scope.ACCOUNT, code, detail)
    return Unknown(f"{detail} {code}")
