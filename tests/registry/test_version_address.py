import pytest
from registry_doubles import NAME, MemoryClient

from pipeline.core.errors import PipelineError
from pipeline.registry.version_address import check_model, find_entry, parse_address


@pytest.fixture
def client() -> MemoryClient:
    registry = MemoryClient(aliases={"champion": "2"})
    registry.add("1", "2", "10")
    return registry


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("models:/digits@champion", ("digits", "champion")),
        ("models:/digits/3", ("digits", "3")),
        ("digits@champion", ("digits", "champion")),
        ("my model/12", ("my model", "12")),
    ],
)
def test_an_address_names_a_version(text, address):
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "text", ["digits", "models:/digits", "models:/digits/latest", "runs:/a/model", "digits@", "a/b/3", ""]
)
def test_what_names_no_version_is_refused(text):
    with pytest.raises(
        PipelineError, match=r"^expected a version such as models:/digits@champion, models:/digits/3, digits@"
    ):
        parse_address(text)


def test_a_model_that_is_there(client):
    check_model(client, NAME)


@pytest.mark.parametrize(("name", "hint"), [("digitz", "did you mean 'digits'?"), ("linear", "it has digits")])
def test_a_model_that_is_not_there(name, hint, client):
    with pytest.raises(PipelineError) as error:
        check_model(client, name)
    assert str(error.value) == f"the store has no registered model {name!r}: {hint}"


@pytest.mark.parametrize(("version", "number"), [("champion", "2"), ("10", "10")])
def test_a_version_by_number_or_alias(version, number, client):
    assert find_entry(client, NAME, version).version == number


def test_a_version_that_is_not_there(client):
    with pytest.raises(PipelineError, match=r"^digits has no version 3: it has 1, 2, 10$"):
        find_entry(client, NAME, "3")


def test_an_alias_that_is_not_there(client):
    with pytest.raises(
        PipelineError, match=r"^no version of digits has the alias 'best': it has the aliases champion \(2\), and"
    ):
        find_entry(client, NAME, "best")
