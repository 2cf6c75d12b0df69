"""Back to the place in a list from which somebody came to act on an order."""

from flask import request

# Lists from which orders are acted on; whatever else an address names as its way back is passed over.
_LISTS = ("/at-risk",)
_LONGEST = 400


def way_back() -> str | None:
    """The address that the page's own names as the way back, if it is one of our lists; else None."""
    given = request.args.get("back", "")
    path, question, _ = given.partition("?")
    if path not in _LISTS or len(given) > _LONGEST or not given.isprintable():
        return None
    return given if question else path
