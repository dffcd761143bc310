"""Encoders in Python and their twins in the graph: the same numbers for any text."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from pipeline.core.errors import PipelineError
from pipeline.core.files import replacing_folder
from pipeline.core.paths import DATA, ENCODERS
from pipeline.export.encoder_graph import prepend
from pipeline.export.golden_calls import ODD_TEXT
from pipeline.graph import onnx_model
from pipeline.network import encoders
from pipeline.network.encoders import CategoryEncoder, WordEncoder, encode, encoded_axes, fit
from pipeline.settings.model import CategoryEncoderSettings, WordEncoderSettings

SETTINGS = WordEncoderSettings(kind="words")
REAL = Path(__file__).resolve().parents[3] / "shared" / "data"
SHIPPED = sorted((Path(__file__).resolve().parents[2] / "data" / "reviews").glob("*.txt"))
HOSTILE = (
    "x" * 1_000_000,
    "a." * 500_000,
    "good bad " * 120_000,
    "." * 1_000_000,
    " " * 1_000_000,
    "a\0" * 500_000,
    ("a.,;:b" * 30 + " ") * 600,
    ".,;:!?" * 30 + " good",
)


def text(*values: str) -> np.ndarray:
    return np.array(values, dtype=object)


def words(*entries: str, **settings: object) -> WordEncoder:
    known = {"separators": SETTINGS.separators, "limit": 512, "longest": 200, "cases": True}
    return WordEncoder(entries=list(entries), **{**known, **settings})


def session(encoder: WordEncoder | CategoryEncoder, rank: int = 1) -> onnxruntime.InferenceSession:
    """A graph that is the encoder alone."""
    shape = [f"axis_{axis}" for axis in range(rank)]
    encoded = [*shape, "words"] if isinstance(encoder, WordEncoder) else shape
    model = helper.make_model(
        helper.make_graph(
            [helper.make_node("Identity", ["text"], ["numbers"])],
            "encoder",
            [helper.make_tensor_value_info("text", TensorProto.INT64, encoded)],
            [helper.make_tensor_value_info("numbers", TensorProto.INT64, encoded)],
        ),
        opset_imports=[helper.make_opsetid("", 20)],
        ir_version=9,
    )
    prepend(model, {"text": encoder}, {"text": shape})
    onnx_model.check(model, "the encoder")
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


def in_graph(encoder: WordEncoder | CategoryEncoder, texts: np.ndarray) -> np.ndarray:
    (found,) = session(encoder, texts.ndim).run(None, {"text": texts.astype(object)})
    return found


def same(encoder: WordEncoder | CategoryEncoder, texts: np.ndarray) -> np.ndarray:
    """The numbers, once both ways give the same."""
    expected, got = encoder.encode(texts), in_graph(encoder, texts)
    assert got.dtype == expected.dtype == np.int64
    np.testing.assert_array_equal(got, expected)
    return got


def test_words_are_numbered_and_padded():
    found = same(words("good", "film"), text("A good film.", "Film", ""))
    assert found.tolist() == [[1, 2, 3], [3, 0, 0], [0, 0, 0]]


def test_a_word_is_known_in_capitals_and_with_one():
    assert same(words("good"), text("good Good GOOD gOOD")).tolist() == [[2, 2, 2, 1]]


def test_without_cases_a_word_is_known_as_it_stands():
    assert same(words("good", cases=False), text("good Good GOOD")).tolist() == [[2, 1, 1]]


def test_separators_are_dropped():
    assert same(words("a", "b"), text('a,b "a" (b) a/b\ta\r\nb!?')).shape == (1, 8)


def test_without_separators_only_spaces_cut():
    assert same(words("a.b", separators=""), text("a.b c.d")).tolist() == [[2, 1]]


@pytest.mark.parametrize("separator", ["]", "^", "-", "\\", "é", "😀", "'"])
def test_any_character_may_separate(separator):
    assert same(words("a", separators=separator), text(f"a{separator}a")).tolist() == [[2, 2]]


def test_only_the_first_words_count():
    assert same(words("a", "b", limit=3), text("a a a b", "a.a.a.b", "b")).tolist() == [[2, 2, 2], [2, 2, 2], [3, 0, 0]]


def test_a_chunk_that_is_too_long_is_one_unknown_word():
    assert same(words("a", longest=3), text("a.a a.aa a")).tolist() == [[2, 2, 1, 2]]


def test_a_vocabulary_of_nothing_knows_nothing():
    assert same(words(), text("a b")).tolist() == [[1, 1]]


def test_odd_text():
    assert same(words("good", "bad", "one"), text(*ODD_TEXT)).shape == (len(ODD_TEXT), 512)


def test_no_text_at_all():
    assert in_graph(words("a"), text()).shape == (0, 1)


@pytest.mark.parametrize("place", range(len(HOSTILE)))
def test_hostile_text_is_answered(place):
    found = same(words("good", "bad", "a"), text(HOSTILE[place]))
    assert found.shape[1] <= 512


def test_a_long_row_changes_nothing_for_the_others():
    encoder = words("good", "bad")
    alone, beside = in_graph(encoder, text("good bad")), in_graph(encoder, text("good bad", HOSTILE[2]))
    np.testing.assert_array_equal(alone[0], beside[0, :2])
    assert not beside[0, 2:].any()


def test_random_text():
    rng = np.random.default_rng(0)
    letters = list("aB .,\t\n;-é😀\0 ")
    for limit, longest in ((1, 1), (2, 3), (512, 200)):
        encoder = words("a", "b", "ab", "é", limit=limit, longest=longest)
        running = session(encoder)
        for _ in range(60):
            rows = text(*("".join(rng.choice(letters, rng.integers(0, 40))) for _ in range(rng.integers(1, 6))))
            np.testing.assert_array_equal(running.run(None, {"text": rows})[0], encoder.encode(rows))


def lines(paths: list[Path]) -> np.ndarray:
    return text(*(line for path in paths for line in path.read_text(encoding="utf-8").split("\n")))


def test_every_shipped_sentence():
    rows = lines(SHIPPED)
    assert len(rows) > 500
    same(fit({"text": SETTINGS}, {"text": rows})["text"], rows)


@pytest.mark.skipif(not REAL.exists(), reason="the real sentences are not here")
def test_every_real_sentence():
    rows = lines(sorted(REAL.glob("rt-polarity.*")))
    assert len(rows) > 10_000
    same(fit({"text": SETTINGS}, {"text": rows})["text"], rows)


def test_categories_of_any_shape():
    found = same(CategoryEncoder(entries=["red", "blue"]), np.array([["red", "green"], ["blue", ""]]))
    assert found.tolist() == [[1, 0], [2, 0]]


def test_commonest_words_are_learnt_whatever_their_case():
    found = fit(
        {"text": WordEncoderSettings(kind="words", size=2)}, {"text": np.array(["The film", "the end, the END"])}
    )
    assert found["text"].entries == ["the", "end"]


def test_categories_are_learnt_in_order():
    found = fit({"c": CategoryEncoderSettings(kind="categories", size=2)}, {"c": np.array(["b", "a", "b", "a", "c"])})
    assert found["c"].entries == ["a", "b"]


def test_a_vocabulary_of_one_s_own(tmp_path):
    (tmp_path / "words.txt").write_text("good\nbad\n")
    settings = WordEncoderSettings(kind="words", vocabulary=str(tmp_path / "words.txt"))
    assert fit({"text": settings}, {"text": np.array(["x"])})["text"].entries == ["good", "bad"]


def test_a_vocabulary_with_a_byte_order_mark_and_a_line_separator_within_an_entry(tmp_path):
    (tmp_path / "words.txt").write_bytes("\ufeffgood\r\nso\u2028so\r\n".encode())
    settings = CategoryEncoderSettings(kind="categories", vocabulary=str(tmp_path / "words.txt"))
    assert fit({"text": settings}, {"text": np.array(["x"])})["text"].entries == ["good", "so\u2028so"]


@pytest.mark.parametrize(
    ("content", "size", "says"),
    [
        (None, 9, "there is no such file"),
        (b"\xff\xfe", 9, "expected UTF-8 text, got invalid start byte at byte 0"),
        (b"", 9, "none empty and none twice, got 0 lines"),
        (b"a\n\nb\n", 9, "none empty and none twice, got 3 lines"),
        (b"a\na\n", 9, "none empty and none twice, got 2 lines"),
        (b"a\nb\n", 1, "expected 1 entries at most (model.encoders.text.size), got 2: raise the size"),
    ],
)
def test_a_vocabulary_that_cannot_be_used(content, size, says, tmp_path):
    path = tmp_path / "words.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PipelineError, match=r"model\.encoders\.text\.vocabulary=") as caught:
        fit({"text": WordEncoderSettings(kind="words", vocabulary=str(path), size=size)}, {"text": np.array(["x"])})
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"other": np.array(["x"])}, "expected an input of text, got no such input"),
        ({"text": np.ones(3)}, "expected an input of text, got float64[3]"),
        ({"text": np.array([["x", "y"]])}, "kind=words takes one text a row, got shape [1, 2]"),
    ],
)
def test_what_words_cannot_encode(arrays, says):
    with pytest.raises(PipelineError) as caught:
        fit({"text": SETTINGS}, arrays)
    assert says in str(caught.value)


def test_only_text_is_encoded():
    arrays = {"text": np.array(["a"]), "x": np.ones(1)}
    assert encode(arrays, {"text": words("a")})["x"] is arrays["x"]


def test_words_add_an_axis_and_categories_none():
    known = {"t": words("a"), "c": CategoryEncoder(entries=["a"])}
    assert encoded_axes({"t": {0: "batch"}, "c": {0: "batch"}}, known) == {
        "t": {0: "batch", 1: "t_words"},
        "c": {0: "batch"},
    }


def test_encoders_come_back_as_they_were_written(empty):
    known = {"t": words("a", "é"), "c": CategoryEncoder(entries=["b"])}
    with replacing_folder(DATA) as folder:
        encoders.save_encoders(known, folder)
    assert encoders.load_encoders() == known


def test_a_model_without_encoders_has_no_file(empty):
    encoders.save_encoders({}, empty)
    assert list(empty.iterdir()) == []
    assert encoders.load_encoders() == {}


def test_encoders_that_somebody_broke(empty):
    with replacing_folder(DATA) as folder:
        (folder / ENCODERS.name).write_text('{"t": {"kind": "zzz"}}')
    with pytest.raises(PipelineError, match=r"encoders\.json: t: .*make it again with `python -m pipeline prepare`"):
        encoders.load_encoders()


def test_a_graph_that_has_the_operator_set_keeps_it():
    model = onnx.parser.parse_model(
        '<ir_version: 9, opset_import: ["": 20, "ai.onnx.ml": 2]> g (int64[N] c) => (int64[N] d) { d = Identity(c) }'
    )
    prepend(model, {"c": CategoryEncoder(entries=["x"])}, {"c": ["N"]})
    assert [entry.version for entry in model.opset_import if entry.domain == "ai.onnx.ml"] == [2]


@pytest.mark.parametrize(
    "inputs", [{"other": np.array(["a"], object)}, {"text": np.array([1])}], ids=["name", "numbers"]
)
def test_an_encoder_of_no_text_is_named(inputs):
    with pytest.raises(
        PipelineError, match=r"encoders\.json: expected an input 'text' of text, got .*`python -m pipeline prepare`"
    ):
        encode(inputs, {"text": CategoryEncoder(entries=["a"])})
