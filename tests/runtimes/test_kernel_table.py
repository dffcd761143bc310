import pytest

from pipeline.runtimes.kernel_table import first_version, formats
from pipeline.settings import compat


@pytest.mark.parametrize(
    ("domain", "operator", "since", "types", "expected"),
    [
        ("", "Abs", 13, None, "1.16"),
        ("", "Gelu", 20, None, "1.17"),
        ("", "StringSplit", 20, None, "1.17"),
        ("", "RMSNormalization", 23, None, "1.23"),
        ("", "Add", 14, {"T": "float"}, "1.16"),
        ("", "Add", 14, {"T": "uint8"}, "1.21"),
        ("", "Add", 14, {"T": "bool"}, None),
        ("", "Acos", 22, None, "1.21"),
        ("", "ImageDecoder", 20, None, None),
        ("", "Nothing", 20, None, None),
        ("mine", "Foo", 1, None, None),
        ("com.microsoft", "Gelu", 1, {"T": "float"}, "1.16"),
        ("ai.onnx.ml", "LabelEncoder", 4, None, "1.17"),
    ],
)
def test_the_first_version_with_an_operator(domain, operator, since, types, expected):
    assert first_version(domain, operator, since, types) == expected


def test_half_precision_runs_in_single_where_it_has_no_kernel():
    assert first_version("", "Acos", 7, {"T": "float16"}) == first_version("", "Acos", 7, {"T": "float"}) == "1.16"


def test_an_operator_that_onnx_spells_out_in_others_needs_no_kernel():
    assert first_version("", "GroupNormalization", 18) == "1.16"


def test_constants_are_folded_before_a_kernel_is_looked_for():
    assert first_version("", "Constant", 13) == "1.16"


def test_types_that_a_kernel_does_not_ask_for_do_not_matter():
    assert first_version("", "Abs", 13, {"T": "float", "X": "float", "other": "string"}) == "1.16"


def test_every_version_from_the_client_s_first_to_the_newest_is_there():
    assert [*formats()] == [*range(compat.CLIENT_MINOR, compat.NEWEST_MINOR + 1)]


@pytest.mark.parametrize("minor", formats())
def test_what_the_wheels_take_is_what_the_settings_say(minor):
    limits = compat.find_limits(f"1.{minor}")
    assert (formats()[minor].opsets[""], formats()[minor].ir) == (limits.opset, limits.ir)
