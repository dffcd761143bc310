import base64
import io

import numpy as np
import pytest
from PIL import Image

from pipeline.parity.png import LONGEST, draw


def read(png: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(png))))


def test_the_range_is_black_to_white():
    assert read(draw(np.array([[0, 8], [16, 4]]), 0, 16)).tolist() == [[0, 128], [255, 64]]


def test_colors():
    pixels = np.zeros((2, 3, 3), np.uint8)
    pixels[0, 1] = (255, 128, 0)
    assert read(draw(pixels, 0, 255)).tolist() == pixels.tolist()


def test_what_is_beyond_the_range_or_no_number_is_an_end_of_it():
    assert read(draw(np.array([[-5.0, 5.0, np.nan, np.inf]]), 0, 1)).tolist() == [[0, 255, 0, 255]]


def test_a_range_of_nothing_is_drawn():
    assert read(draw(np.full((2, 2), 3.0), 3, 3)).tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize("shape", [(500, 20), (20, 500), (500, 500, 3)])
def test_a_large_picture_is_sampled(shape):
    seen = read(draw(np.random.default_rng(0).random(shape), 0, 1)).shape
    assert seen == (min(shape[0], LONGEST), min(shape[1], LONGEST), *shape[2:])


def test_the_same_array_gives_the_same_bytes():
    pixels = np.arange(64.0).reshape(8, 8)
    assert draw(pixels, 0, 64) == draw(pixels.copy(), 0, 64)
