"""A lossless JPEG encoder for tests: process 14, every predictor. Source: ITU-T T.81, annex H.

One Huffman table serves all: each of the 17 categories of difference has a code of five bits, its own number.
"""

import struct

import numpy as np
from numpy.typing import NDArray


def lossless_jpeg(values: NDArray[np.integer], bits: int, predictor: int = 1) -> bytes:
    """One frame: `values` (height, width), of which `bits` count; predictor 1 (left) to 7 ((left + above) / 2)."""
    height, width = values.shape
    samples = values.astype(np.int64) & ((1 << bits) - 1)
    table = b"\xff\xc4" + struct.pack(">HB", 2 + 1 + 16 + 17, 0) + bytes([0, 0, 0, 0, 17] + [0] * 11) + bytes(range(17))
    frame = b"\xff\xc3" + struct.pack(">HBHHB", 11, bits, height, width, 1) + bytes([1, 0x11, 0])
    scan = b"\xff\xda" + struct.pack(">HB", 8, 1) + bytes([1, 0, predictor, 0, 0])
    coded = _entropy_coded(samples - _predicted(samples, bits, predictor))
    return b"\xff\xd8" + frame + table + scan + coded + b"\xff\xd9"


def _predicted(samples: NDArray[np.int64], bits: int, predictor: int) -> NDArray[np.int64]:
    left, above, corner = (np.zeros_like(samples) for _ in range(3))
    left[:, 1:], above[1:], corner[1:, 1:] = samples[:, :-1], samples[:-1], samples[:-1, :-1]
    formulas = {
        1: left,
        2: above,
        3: corner,
        4: left + above - corner,
        5: left + ((above - corner) >> 1),
        6: above + ((left - corner) >> 1),
        7: (left + above) >> 1,
    }
    predicted = formulas[predictor].copy()
    predicted[0, 1:], predicted[1:, 0], predicted[0, 0] = samples[0, :-1], samples[:-1, 0], 1 << (bits - 1)
    return predicted


def _entropy_coded(differences: NDArray[np.int64]) -> bytes:
    parts = []
    for difference in ((differences.ravel() + 32767) % 65536 - 32767).tolist():
        category = abs(difference).bit_length()
        parts.append(f"{category:05b}")
        if 0 < category < 16:
            parts.append(f"{difference if difference > 0 else difference + (1 << category) - 1:0{category}b}")
    stream = "".join(parts)
    stream += "1" * (-len(stream) % 8)
    return int(stream, 2).to_bytes(len(stream) // 8).replace(b"\xff", b"\xff\x00")
