from dataclasses import replace

import pytest

from csharp_projects import TINY
from pipeline.dotnet.versions.content import hash_contract, hash_files, label
from sample_releases import CONTENT, changed


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
