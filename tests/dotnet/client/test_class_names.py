"""The client's class has no name that the client's own C# uses."""

import pytest

from pipeline.core.errors import PipelineError
from pipeline.dotnet.client.class_names import choose_class_name, list_names_in_use


@pytest.mark.parametrize(
    "name", ["digits", "linear", "sentiment", "tabular", "sequence", "detector", "minilm", "progression"]
)
def test_a_model_gives_the_class_its_name(name: str) -> None:
    assert choose_class_name(None, name) == name.capitalize()


@pytest.mark.parametrize(
    ("name", "class_name"), [("task", "TaskModel"), ("check", "CheckModel"), ("load", "LoadModel")]
)
def test_a_name_that_is_in_use_gets_a_suffix(name: str, class_name: str) -> None:
    assert choose_class_name(None, name) == class_name


def test_a_setting_that_is_in_use_is_refused() -> None:
    with pytest.raises(PipelineError, match=r"package\.class_name: Task is a name .* for instance TaskModel"):
        choose_class_name("Task", "digits")


def test_a_setting_is_taken() -> None:
    assert choose_class_name("Reader", "task") == "Reader"


def test_types_and_members_are_in_use_and_words_of_comments_are_not() -> None:
    names = list_names_in_use()
    assert {"Batcher", "IReadOnlyList", "Math", "SelfTest", "CreateBuffers", "ArrayPool"} <= names
    assert not {"Micro", "Execution", "Expected"} & names
