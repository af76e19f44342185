"""Copies of pictures that are found, by what was done to them, and different pictures that are taken for copies.

    python benchmarks/likeness.py FOLDER [--pictures 400] [--pairs 20000]

Takes photographs from a folder, makes of each a copy of every kind, and compares all with `library/likeness.py`. Beside
it, how many copies share a word of the hash with their picture (those are found whatever the image network says), and
how many of the different pictures do.
"""

import argparse
import io
import random
from collections import Counter
from pathlib import Path

from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from scopix.types.vocabulary import Likeness
from scopix_server.analysis.fingerprint import fingerprint_of
from scopix_server.domain.fingerprint import hash_words
from scopix_server.library.likeness import likeness, turned_hashes


def saved(image: Image.Image, quality: int) -> Image.Image:
    target = io.BytesIO()
    image.save(target, "JPEG", quality=quality)
    return Image.open(target).convert("RGB")


def resized(image: Image.Image, share: float) -> Image.Image:
    return image.resize(
        (max(8, round(image.width * share)), max(8, round(image.height * share))), Image.Resampling.LANCZOS
    )


def cropped(image: Image.Image, left: float, top: float, right: float, bottom: float) -> Image.Image:
    width, height = image.size
    return image.crop((round(width * left), round(height * top), round(width * right), round(height * bottom)))


def written_on(image: Image.Image) -> Image.Image:
    image = image.copy()
    side = min(image.size)
    ImageDraw.Draw(image).text((side // 20, side // 20), "holiday 2026", (255, 255, 0), font_size=side / 12)
    return image


KINDS = {
    "saved again, quality 60": (Likeness.SAME_PICTURE, lambda one: saved(one, 60)),
    "half the size": (Likeness.RESIZED, lambda one: resized(one, 0.5)),
    "a quarter of the size, quality 70": (Likeness.RESIZED, lambda one: saved(resized(one, 0.25), 70)),
    "a tenth cut off one side": (Likeness.CROPPED, lambda one: cropped(one, 0.1, 0, 1, 1)),
    "a tenth cut off around": (Likeness.CROPPED, lambda one: cropped(one, 0.05, 0.05, 0.95, 0.95)),
    "a tenth cut off two sides, half the size": (
        Likeness.CROPPED,
        lambda one: resized(cropped(one, 0, 0.1, 0.9, 1), 0.5),
    ),
    "turned by 90°": (Likeness.TURNED, lambda one: one.transpose(Image.Transpose.ROTATE_90)),
    "turned by 180°, half the size": (
        Likeness.TURNED,
        lambda one: resized(one.transpose(Image.Transpose.ROTATE_180), 0.5),
    ),
    "mirrored": (Likeness.TURNED, lambda one: ImageOps.mirror(one)),
    "a third lighter": (Likeness.EDITED, lambda one: ImageEnhance.Brightness(one).enhance(1.3)),
    "more contrast": (Likeness.EDITED, lambda one: ImageEnhance.Contrast(one).enhance(1.4)),
    "in grey": (Likeness.EDITED, lambda one: one.convert("L").convert("RGB")),
    "written on": (Likeness.EDITED, written_on),
    "blurred": (Likeness.SAME_PICTURE, lambda one: one.filter(ImageFilter.GaussianBlur(2))),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pictures", type=int, default=400)
    parser.add_argument("--pairs", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    chance = random.Random(given.seed)
    paths = sorted(path for path in given.folder.rglob("*") if path.suffix.lower() in {".jpg", ".jpeg", ".png"})
    pictures = [Image.open(path).convert("RGB") for path in chance.sample(paths, min(given.pictures, len(paths)))]
    prints = [fingerprint_of(picture) for picture in pictures]
    hashes = [turned_hashes(one) for one in prints]
    print(f"{len(pictures)} pictures")
    for name, (expected, change) in KINDS.items():
        told, shared = Counter(), 0
        for picture, fingerprint, known in zip(pictures, prints, hashes, strict=True):
            copy = change(picture)
            made = fingerprint_of(copy)
            told[likeness(fingerprint, picture.size, made, copy.size)] += 1
            shared += share_a_word(known, hash_words(made.grey))
        found = len(pictures) - told[Likeness.ALIKE]
        named = ", ".join(f"{kind.value} {number}" for kind, number in told.most_common())
        print(f"{name} (should be {expected.value}): found {found}; {named}; {shared} share a word", flush=True)
    false, shared = Counter(), 0
    for _ in range(given.pairs):
        one, other = chance.sample(range(len(pictures)), 2)
        kind = likeness(prints[one], pictures[one].size, prints[other], pictures[other].size)
        false[kind] += 1
        shared += share_a_word(hashes[one], hash_words(prints[other].grey))
        if kind is not Likeness.ALIKE:
            print(f"  false: {kind.value}: {pictures[one].size} {pictures[other].size} {one} {other}")
    told = ", ".join(f"{kind.value} {number}" for kind, number in false.most_common())
    print(f"{given.pairs} pairs of different pictures: {told}; {shared} share a word")


def share_a_word(known: list[tuple[int, ...]], words: tuple[int, ...]) -> bool:
    return any(mine == theirs for each in known for mine, theirs in zip(each, words, strict=True))


if __name__ == "__main__":
    main()
