"""QR codes (二维码) of addresses, as pictures that a page carries within itself."""

from functools import lru_cache

import segno


@lru_cache(maxsize=16)
def qr_picture(address: str) -> str:
    """A QR code that opens this address, as the `data:` URI of a black-and-white SVG without a fixed size.

    It can still be read with 15 % of it worn away or more (at least level M of ISO/IEC 18004), as paper
    needs, and has the quiet zone of four modules around it that the standard asks for.
    """
    code = segno.make(address, error="m", micro=False)
    return code.svg_data_uri(border=4, dark="#000", light="#fff", omitsize=True, nl=False)
