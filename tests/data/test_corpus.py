import re
import unicodedata

import numpy as np
import pytest

from pipeline.data.corpus import HOSTILE, make_corpus, make_sentences


def made(seed: int = 0) -> list[str]:
    return make_corpus(np.random.default_rng(seed))


def test_more_than_1200_and_each_once():
    assert len(made()) == len(set(made())) > 1200


def test_the_same_seed_gives_the_same_texts():
    assert made() == made()


def test_another_seed_gives_other_texts():
    assert len(set(made()) & set(made(1))) < len(made()) / 2


@pytest.mark.parametrize(
    ("what", "found"),
    [
        ("empty", lambda text: text == ""),
        ("white space alone", lambda text: text != "" and text.isspace()),
        ("punctuation alone", lambda text: re.fullmatch(r"[!-/:-@\[-`{-~]+", text)),
        ("NUL", lambda text: "\0" in text),
        ("tab and CRLF", lambda text: "\t" in text and "\r\n" in text),
        ("a word of more than 100 characters", lambda text: any(len(word) > 100 for word in text.split())),
        ("600 words", lambda text: len(text.split()) >= 600),
        ("beyond the first plane", lambda text: any(ord(character) > 0xFFFF for character in text)),
        ("combining accents", lambda text: any(unicodedata.combining(character) for character in text)),
        ("from right to left", lambda text: any(unicodedata.bidirectional(c) in ("R", "AL") for c in text)),
        ("ideographs", lambda text: any("一" <= character <= "龥" for character in text)),
        ("unassigned", lambda text: any(unicodedata.category(character) == "Cn" for character in text)),
        ("addresses", lambda text: "https://" in text),
        ("apostrophes", lambda text: re.search(r"\w['’]\w", text)),
        ("mixed case and numbers", lambda text: re.search(r"[a-z][A-Z].*\d|\d.*[a-z][A-Z]", text)),
    ],
)
def test_there_is_a_text_with(what, found):
    assert any(found(text) for text in made()), what


def test_every_text_is_unicode():
    assert "\n".join(made()).encode()


def test_hostile_ones_come_first():
    assert made()[: len(HOSTILE)] == HOSTILE


def test_half_of_the_sentences_are_english():
    assert sum(text.isascii() for text in make_sentences(100, np.random.default_rng(0))) in range(35, 61)


@pytest.mark.parametrize("longest", [3, 600, 601, 2048])
def test_a_text_of_as_many_words_as_any_call_can_have_tokens(longest):
    texts = make_corpus(np.random.default_rng(0), longest=longest)
    assert max(len(text.split()) for text in texts) in range(max(longest, 600), max(longest, 600) + 4)
    assert texts[: len(made())] == made()
