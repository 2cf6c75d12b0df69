"""What goes wrong with the embedded servers, told in one line."""


class EmbeddedError(Exception):
    """The embedded servers cannot start, or cannot be used; the message says why and what to do."""
