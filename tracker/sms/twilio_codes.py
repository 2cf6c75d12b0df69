"""Twilio's error codes, sorted by what a refusal is about.

Source: Twilio's public error dictionary, https://www.twilio.com/docs/api/errors (one page per
code). The 2xxxx codes answer a request; the 300xx codes come later, with a message's status.
"""

from tracker.sms.port import Scope

SCOPES: dict[int, Scope] = {
    # The number: a person must call.
    21211: Scope.NUMBER,  # invalid 'To' phone number
    21214: Scope.NUMBER,  # 'To' cannot be reached
    21217: Scope.NUMBER,  # does not appear to be valid
    21265: Scope.NUMBER,  # 'To' cannot be a short code
    21266: Scope.NUMBER,  # 'To' is the sender itself
    21268: Scope.NUMBER,  # premium numbers are not permitted
    21401: Scope.NUMBER,  # invalid phone number
    21421: Scope.NUMBER,  # phone number is invalid
    21604: Scope.NUMBER,  # 'To' is required
    21610: Scope.NUMBER,  # recipient has unsubscribed
    21612: Scope.NUMBER,  # no route for this 'To' and 'From'
    21614: Scope.NUMBER,  # not a mobile number
    21635: Scope.NUMBER,  # 'To' is a landline
    30003: Scope.NUMBER,  # unreachable handset
    30004: Scope.NUMBER,  # message blocked
    30005: Scope.NUMBER,  # unknown handset
    30006: Scope.NUMBER,  # landline or unreachable carrier
    # The text.
    21602: Scope.CONTENT,  # body is required
    21605: Scope.CONTENT,  # body too long
    21617: Scope.CONTENT,  # concatenated body over 1600 characters
    21618: Scope.CONTENT,  # body cannot be sent
    21619: Scope.CONTENT,  # neither body nor media
    30007: Scope.CONTENT,  # filtered by a carrier
    30019: Scope.CONTENT,  # content over the carrier's size limit
    # The account: credentials, funds, rights, senders, configuration.
    20003: Scope.ACCOUNT,  # authentication failed, or no funds
    20004: Scope.ACCOUNT,  # method not allowed
    20005: Scope.ACCOUNT,  # account not active
    20006: Scope.ACCOUNT,  # access denied
    20008: Scope.ACCOUNT,  # not available with test credentials
    20403: Scope.ACCOUNT,  # forbidden
    20404: Scope.ACCOUNT,  # no such account or resource
    21212: Scope.ACCOUNT,  # invalid 'From'
    21408: Scope.ACCOUNT,  # the region is not enabled
    21603: Scope.ACCOUNT,  # 'From' is required
    21606: Scope.ACCOUNT,  # 'From' cannot send messages for this account
    21608: Scope.ACCOUNT,  # a trial account, and 'To' not verified
    21609: Scope.ACCOUNT,  # invalid StatusCallback
    21611: Scope.ACCOUNT,  # the sender's queue is full
    21659: Scope.ACCOUNT,  # 'From' is not a Twilio number
    21660: Scope.ACCOUNT,  # 'From' belongs to another account
    21703: Scope.ACCOUNT,  # the messaging service has no sender
    21705: Scope.ACCOUNT,  # the messaging service is invalid
    30001: Scope.ACCOUNT,  # queue overflow
    30002: Scope.ACCOUNT,  # account suspended
    30024: Scope.ACCOUNT,  # sender not provisioned by the carrier
    30042: Scope.ACCOUNT,  # sender ID blocked
}

# Statuses about the values of one request. Any other says that our credentials, rights, address
# or way of calling are wrong, which no customer's text can help: an operator must look.
_ABOUT_THE_REQUEST = frozenset({400, 413, 422})


def scope_of(code: int | None, status: int) -> Scope:
    """What a refusal is about, by Twilio's code, else by HTTP status.

    A request refused for an unlisted reason counts as content: a person sees that one text, and
    neither is the customer's number blamed nor the whole account stopped for it.
    """
    known = SCOPES.get(code) if code is not None else None
    if known is not None:
        return known
    return Scope.CONTENT if status in _ABOUT_THE_REQUEST else Scope.ACCOUNT
