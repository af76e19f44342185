"""Numbers as people write them."""

import re

__all__ = ["parse_number"]


def parse_number(text: str) -> float | None:
    """Return the number at the start of a text such as "12.5 m²" or "1,240", or None."""
    match = re.match(r"\s*(-?\d{1,9}(?:[,.]\d{1,3}){0,3})", text)
    if match is None:
        return None
    digits = match[1]
    if re.fullmatch(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?", digits):
        digits = digits.replace(",", "")
    elif re.fullmatch(r"-?\d{1,3}(?:\.\d{3})+,\d+", digits):  # 1.249,00; without the comma it may be a fraction
        digits = digits.replace(".", "")
    try:
        return float(digits.replace(",", "."))
    except ValueError:
        return None
