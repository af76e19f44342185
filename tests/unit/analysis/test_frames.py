"""Of an animation the first frame that shows something is looked at."""

import io

import pytest
from PIL import Image, ImageDraw

from scopix_server.analysis.decode import Decoded, decode
from scopix_server.composer.grounded import GroundedComposer
from scopix_server.domain.description import Perception
from scopix_server.intake.headers.gif import count_frames
from tests.support.images import encoded

BLACK, WHITE, CLEAR = (0, 0, 0), (255, 255, 255), (0, 0, 0, 0)


def decoded(data: bytes) -> Decoded:
    return decode(io.BytesIO(data), max_pixels=10**8, work_pixels=10**8)


def blank(colour: tuple[int, ...] = BLACK) -> Image.Image:
    return Image.new("RGBA" if len(colour) == 4 else "RGB", (80, 60), colour)


def shape(colour: tuple[int, ...] = (200, 30, 30), mode: str = "RGB") -> Image.Image:
    image = blank(BLACK).convert(mode)
    ImageDraw.Draw(image).rectangle((20, 20, 60, 40), fill=colour)
    return image


def animation(*frames: Image.Image, format: str = "GIF") -> bytes:
    options = {"lossless": True} if format == "WEBP" else {}
    return encoded(frames[0], format, save_all=True, append_images=frames[1:], duration=40, **options)


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG"])
@pytest.mark.parametrize("colour", [BLACK, WHITE, (10, 20, 30)])
def test_blank_frames_are_passed_over(format: str, colour: tuple[int, ...]) -> None:
    # An encoder joins frames that are the same.
    other = tuple(min(255, value + 40) for value in colour) if colour != WHITE else (200, 200, 200)
    result = decoded(animation(blank(colour), blank(other), shape(), blank(), format=format))
    assert (result.frame, result.frames) == (3, 4)
    red, green, _ = result.image.getpixel((40, 30))
    assert red > 150 > green


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG"])
def test_a_first_frame_that_shows_something_is_kept(format: str) -> None:
    result = decoded(animation(shape(), shape((30, 30, 200)), format=format))
    assert (result.frame, result.frames) == (1, 2)


def test_where_nothing_shows_it_is_the_first() -> None:
    result = decoded(animation(blank(), blank(WHITE), blank((90, 90, 90))))
    assert (result.frame, result.frames) == (1, 3)
    assert result.image.getpixel((0, 0)) == BLACK


def test_a_later_frame_that_is_broken_costs_nothing() -> None:
    data = animation(blank(), *(shape((number, 200, 30)) for number in range(0, 250, 50)))
    whole = decoded(data)
    assert whole.frame == 2
    cut = decoded(data[: len(data) // 2])
    assert cut.frame in {1, 2}
    assert 1 <= cut.frames < whole.frames


def test_a_broken_frame_of_a_png_leaves_its_first_one() -> None:
    data = animation(blank(), shape(), format="PNG")
    at = data.index(b"fdAT")
    result = decoded(data[: at + 8] + bytes(8) + data[at + 16 :])
    assert result.frame == 1
    assert result.image.getpixel((40, 30)) == BLACK


def test_what_the_first_frame_of_a_gif_leaves_out_is_clear() -> None:
    data = bytearray(encoded(blank(WHITE).convert("P", palette=Image.Palette.ADAPTIVE), "GIF"))
    data[6:10] = bytes([120, 0, 100, 0])  # a larger screen
    at = data.index(b"\x2c", 13)
    data[at + 1 : at + 5] = bytes([20, 0, 10, 0])
    result = decoded(bytes(data))
    assert result.full_size == (120, 100)
    assert result.is_transparent
    assert result.image.getpixel((60, 50)) == WHITE != result.image.getpixel((5, 5)) == result.image.getpixel((110, 95))


def test_a_still_picture_has_one_frame() -> None:
    for format in ("GIF", "WEBP", "PNG", "JPEG"):
        result = decoded(encoded(blank(), format))
        assert (result.frame, result.frames) == (1, 1)


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"GIF89a" + bytes(7) + b"\x2c", b"GIF89a" + bytes(7) + b"\x21" * 9])
def test_frames_of_what_is_no_gif_are_one(data: bytes) -> None:
    assert count_frames(io.BytesIO(data)) == 1


def test_it_is_said() -> None:
    def said(**facts: int) -> str:
        return GroundedComposer().describe(Perception(80, 60, **facts), "general").text  # type: ignore[arg-type]

    assert "It is an animation of 12 frames; this is number 3, the first that is not blank." in said(frames=12, frame=3)
    assert "It is an animation of 12 frames; this is its first." in said(frames=12)
    assert "Its ground is transparent." in said(is_transparent=True)
    assert "animation" not in said()
