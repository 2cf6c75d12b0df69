"""Origins of web pages, as browsers name them: scheme, host and port, and nothing after."""

from urllib.parse import urlsplit

from marshmallow import validate


def origins_in(value: str) -> frozenset[str]:
    """Origins by commas: "https://wx.example,http://app.example:8080". Raises ValidationError."""
    words = [word for part in value.split(",") if (word := part.strip().lower())]
    if not all(_is_origin(word) for word in words):
        raise validate.ValidationError("must be origins like https://wx.example, separated by commas")
    return frozenset(words)


def _is_origin(word: str) -> bool:
    try:
        parts = urlsplit(word)
        whole = f"{parts.scheme}://{parts.netloc}"
        return (
            parts.scheme in ("http", "https") and bool(parts.hostname) and word == whole and parts.port != 0
        )
    except ValueError:
        return False
