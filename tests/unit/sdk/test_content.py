"""Whatever callers hold a picture in becomes a path, or bytes with a name."""

import tempfile
from io import BytesIO, StringIO
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from scopix import ValidationError
from scopix._content import as_file
from tests.support.images import encoded, picture

PNG = encoded(picture(8, 6))


def test_file_objects_are_read_and_named(tmp_path):
    (tmp_path / "a.png").write_bytes(PNG)
    with (tmp_path / "a.png").open("rb") as stream:
        assert as_file(stream, None) == (PNG, "a.png")
    assert as_file(BytesIO(PNG), "b.png") == (PNG, "b.png")
    assert as_file(BytesIO(PNG), None) == (PNG, None)
    with tempfile.SpooledTemporaryFile() as spooled:
        spooled.write(PNG)
        spooled.seek(0)
        upload = SimpleNamespace(file=spooled, filename="sent.png", read=None)  # as FastAPI's UploadFile
        assert as_file(upload, None) == (PNG, "sent.png")
    with pytest.raises(ValidationError, match="open for bytes"):
        as_file(StringIO("x"), "a.png")
    with pytest.raises(ValidationError, match="not NoneType"):
        as_file(None, None)


def test_pictures_in_memory_lose_nothing():
    image = Image.open(BytesIO(PNG))
    content, name = as_file(image, None)
    assert name == "image.png" and np.array_equal(np.asarray(Image.open(BytesIO(content))), np.asarray(image))
    for shape in ((6, 8), (6, 8, 1), (6, 8, 2), (6, 8, 3), (6, 8, 4)):
        array = np.random.default_rng(7).integers(0, 256, shape, dtype=np.uint8)
        content, name = as_file(array, None)
        assert name == "image.png"
        assert np.array_equal(
            np.asarray(Image.open(BytesIO(content))), array.reshape(shape if shape[-1] != 1 else (6, 8))
        )
    # Slices are not contiguous.
    content, _ = as_file(array[:, ::2], None)
    assert np.array_equal(np.asarray(Image.open(BytesIO(content))), array[:, ::2])
    for wrong in (np.zeros((6, 8), np.float32), np.zeros((2, 6, 8, 3), np.uint8), np.zeros((0, 8), np.uint8)):
        with pytest.raises(ValidationError, match="8-bit samples"):
            as_file(wrong, None)
