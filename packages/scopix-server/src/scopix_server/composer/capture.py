"""What can be said from a file's metadata: told as what the file says, since anybody can write them."""

from collections.abc import Iterator
from datetime import datetime

from scopix_server.domain.description import Capture
from scopix_server.domain.phrases import Statement, listing, quote

__all__ = ["LONG_EXPOSURE", "describe_capture"]

LONG_EXPOSURE = 1.0
"""Seconds from which on an exposure is long: things that move are smeared."""
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


def describe_capture(capture: Capture | None) -> Iterator[Statement]:
    """Yield when, with what and how it was taken, and whether a place is noted; never the place."""
    if capture is None:
        return
    parts = [*_when(capture), *_with_what(capture), *_how(capture)]
    if parts:
        fields = {
            "taken": [capture.taken] if capture.taken else [],
            "camera": [capture.camera] if capture.camera else [],
        }
        sentence = f"By its metadata it was taken {listing(parts)}."
        yield Statement(
            sentence, {"metadata": True, "fields": {name: value for name, value in fields.items() if value}}
        )
    if capture.exposure is not None and capture.exposure >= LONG_EXPOSURE:
        yield Statement("That is a long exposure.", {"metadata": True})
    if capture.located:
        sentence = "Its metadata also hold the place where it was taken; it is not told here."
        yield Statement(sentence, {"metadata": True})


def _when(capture: Capture) -> Iterator[str]:
    if capture.taken:
        at = datetime.fromisoformat(capture.taken)
        yield f"on {at.day} {_MONTHS[at.month - 1]} {at.year} at {at:%H:%M} by the camera's clock"


def _with_what(capture: Capture) -> Iterator[str]:
    if capture.camera:
        yield f"with a camera called {quote(capture.camera, 60)}"
    if capture.lens:
        yield f"with a lens called {quote(capture.lens, 60)}"


def _how(capture: Capture) -> Iterator[str]:
    if capture.exposure is not None:
        yield f"at {_seconds(capture.exposure)}"
    if capture.aperture is not None:
        yield f"at f/{capture.aperture:.3g}"
    if capture.iso is not None:
        yield f"at ISO {capture.iso}"
    if capture.focal_length is not None:
        yield f"at {capture.focal_length:.4g} mm"
    if capture.flash:
        yield "with the flash fired"


def _seconds(exposure: float) -> str:
    """Return "1/250 s" or "2.5 s", as cameras show it."""
    if exposure < 0.3:
        return f"1/{round(1 / exposure)} s"
    return f"{exposure:.3g} s"
