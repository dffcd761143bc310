"""Arrays as small PNG pictures; the same array gives the same bytes."""

import base64
import struct
import zlib

import numpy as np

from pipeline.core.arrays import Array

# A longer side is sampled: pictures in a report are to be looked at, not kept.
LONGEST = 48
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def draw(pixels: Array, low: float, high: float) -> str:
    """A picture in base64.

    Args:
        pixels: [height, width] or [height, width, 3], numbers; what is no number is drawn black.
        low: The value that is drawn black.
        high: The value that is drawn white.
    """
    height, width = pixels.shape[:2]
    rows, columns = (np.linspace(0, size - 1, min(size, LONGEST)).round().astype(int) for size in (height, width))
    sampled = pixels[rows][:, columns].astype(np.float64)
    span = high - low if high > low else 1.0
    shares = np.clip(np.nan_to_num((sampled - low) / span), 0, 1)
    return base64.b64encode(encode((shares * 255).round().astype(np.uint8))).decode()


def encode(pixels: Array) -> bytes:
    """The file of [height, width] or [height, width, 3] bytes."""
    height, width = pixels.shape[:2]
    color = 2 if pixels.ndim == 3 else 0
    header = struct.pack(">IIBBBBB", width, height, 8, color, 0, 0, 0)
    # Each line begins with its filter: none.
    lines = b"".join(b"\0" + line.tobytes() for line in pixels)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
