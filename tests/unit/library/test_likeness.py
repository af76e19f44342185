"""What one picture has to do with another is told by their small copies; different ones are merely alike."""

import io
from collections.abc import Callable

import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from scopix.types.vocabulary import Likeness
from scopix_server.analysis.fingerprint import fingerprint_of
from scopix_server.domain.fingerprint import hash_words
from scopix_server.library.likeness import likeness, turned_hashes
from tests.integration.api.conftest import EXAMPLES
from tests.support.images import picture

PHOTOS = sorted(EXAMPLES.glob("photo-*.jpg"))


def saved(image: Image.Image, quality: int) -> Image.Image:
    target = io.BytesIO()
    image.save(target, "JPEG", quality=quality)
    return Image.open(target).convert("RGB")


def quarter(image: Image.Image) -> Image.Image:
    return saved(image.resize((image.width // 4, image.height // 4), Image.Resampling.LANCZOS), 75)


def without_a_tenth(image: Image.Image) -> Image.Image:
    return image.crop((image.width // 10, 0, image.width, image.height * 9 // 10))


def drawn_on(image: Image.Image) -> Image.Image:
    image = image.copy()
    side = min(image.size) // 8
    ImageDraw.Draw(image).rectangle((side, side, 2 * side, 2 * side), fill=(128, 128, 0))
    return image


CHANGES: list[tuple[Likeness, Callable[[Image.Image], Image.Image]]] = [
    (Likeness.SAME_PICTURE, lambda image: saved(image, 60)),
    (Likeness.RESIZED, quarter),
    (Likeness.CROPPED, without_a_tenth),
    (Likeness.CROPPED, lambda image: quarter(without_a_tenth(image))),
    (Likeness.TURNED, lambda image: image.transpose(Image.Transpose.ROTATE_90)),
    (Likeness.TURNED, lambda image: quarter(image.transpose(Image.Transpose.ROTATE_270))),
    (Likeness.TURNED, ImageOps.mirror),
    (Likeness.EDITED, lambda image: ImageEnhance.Brightness(image).enhance(1.3)),
    (Likeness.EDITED, drawn_on),
]


@pytest.mark.parametrize("path", PHOTOS, ids=lambda path: path.stem)
@pytest.mark.parametrize("change", range(len(CHANGES)))
def test_what_was_done_to_a_picture_is_told_both_ways(path, change: int) -> None:
    expected, make = CHANGES[change]
    image = Image.open(path).convert("RGB")
    copy = make(image)
    one, other = fingerprint_of(image), fingerprint_of(copy)
    assert likeness(one, image.size, other, copy.size) is expected
    assert likeness(other, copy.size, one, image.size) is expected
    if expected not in {Likeness.CROPPED, Likeness.EDITED}:  # of those most, not all
        words = hash_words(other.grey)
        assert any(mine == theirs for each in turned_hashes(one) for mine, theirs in zip(each, words, strict=True))


def test_different_pictures_are_merely_alike() -> None:
    images = [Image.open(path).convert("RGB") for path in PHOTOS] + [picture(seed=seed) for seed in range(8)]
    prints = [fingerprint_of(image) for image in images]
    for place, one in enumerate(prints):
        for other_place, other in enumerate(prints[:place]):
            kind = likeness(one, images[place].size, other, images[other_place].size)
            assert kind is Likeness.ALIKE, (place, other_place)


def test_of_plain_areas_nothing_is_told() -> None:
    sky, other_sky = Image.new("RGB", (400, 300), (120, 160, 220)), Image.new("RGB", (300, 400), (121, 160, 219))
    kind = likeness(fingerprint_of(sky), sky.size, fingerprint_of(other_sky), other_sky.size)
    assert kind is Likeness.ALIKE
