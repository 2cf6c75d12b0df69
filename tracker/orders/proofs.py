"""What proves that an order is one's own: its number, and four characters that only its customer knows.

The four are the last of the contact phone or, for a company, of its unified social credit code.
"""

from tracker import credit_codes
from tracker.crypto import KeyRing

_LONGEST = 40


def lookup_digest(keys: KeyRing, number: str, last_four: str) -> bytes:
    """What is stored of a proof, and compared with what a customer gives."""
    return keys.digest_of("orders.lookup", f"{number}/{last_four}")


def last_four_in(typed: str) -> str:
    """The last four characters as a customer writes them: in any width and case, with blanks; of a whole
    credit code the end. What is nothing of the kind stays as it is, and fits no order.
    """
    proof = credit_codes.normalise(typed[:_LONGEST])
    return proof[-4:] if credit_codes.is_shaped(proof) else proof


def can_be_last_four(proof: str, *, of_company: bool) -> bool:
    """Whether a phone, or a company's credit code, can end so."""
    if len(proof) != 4:
        return False
    return credit_codes.is_spelt(proof) if of_company else proof.isascii() and proof.isdigit()
