from dataclasses import replace

import pytest

from csharp_projects import MIXED, TINY, make_identity
from pipeline.dotnet.client import generator
from pipeline.dotnet.versions.content import hash_contract, hash_files, label, list_api
from sample_contracts import texts
from sample_releases import CONTENT, changed


def api(contract, class_name="Tiny") -> tuple[str, ...]:
    return list_api(generator.generate(contract, make_identity(class_name)))


def test_members_of_the_public_types():
    members = api(TINY)
    assert {
        "Tiny: TinyOutput Run(float[] pixels)",
        "Tiny: static Tiny Load(TinyOptions options = null)",
        "Tiny: const int PixelsLength",
        "TinyOptions: int MaxBatchSize",
        "TinyOptions: int IntraOpNumThreads",
        "TinyOutput: float[] Probabilities",
        "TinyOutput: static IReadOnlyList<string> Labels",
        "TinyException: TinyException(string message)",
    } <= set(members)
    assert list(members) == sorted(set(members))


@pytest.mark.parametrize(("contract", "class_name"), [(TINY, "Tiny"), (MIXED, "Mixed"), (texts().contract, "Texts")])
def test_a_member_is_told_without_value_and_body(contract, class_name):
    assert [
        member for member in api(contract, class_name) if "{" in member or "= Math" in member or ";" in member
    ] == []


def test_what_only_the_client_uses_is_no_member():
    assert [member for member in api(TINY) if "Batcher" in member or "CheckHealthAsync" in member] == []


def test_a_value_is_no_part_of_the_api():
    sources = generator.generate(TINY, make_identity("Tiny", version="2.0.0", model=b"another"))
    assert list_api(sources) == api(TINY)


@pytest.mark.parametrize("field", ["weights_sha256", "configuration_sha256"])
def test_what_a_model_was_made_from_is_no_content(field):
    assert hash_contract(TINY.model_copy(update={field: "1" * 64})) == hash_contract(TINY)


def test_what_a_contract_says_is_content():
    assert hash_contract(TINY.model_copy(update={"description": "Another."})) != hash_contract(TINY)


def test_a_file_s_name_and_bytes_count_and_its_place_on_disk_does_not(tmp_path):
    (tmp_path / "m.onnx").write_bytes(b"model")
    assert hash_files({"a": tmp_path / "m.onnx"}) == hash_files({"a": b"model"})
    assert len({hash_files(files) for files in ({"a": b"x"}, {"b": b"x"}, {"a": b"y"})}) == 3


def test_each_part_counts():
    assert len({changed(part).sha256 for part in CONTENT.parts}) == 4


def test_names_that_the_client_has_count_through_its_text_alone():
    assert replace(CONTENT, namespace="Another").sha256 == CONTENT.sha256


def test_a_label_begins_with_a_letter():
    assert label("0123456789" * 6) == "g0123456"
