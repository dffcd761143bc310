"""verify.runtimes."""

import pytest

from pipeline.core.errors import PipelineError
from pipeline.settings.dotnet_runtimes import check_runtimes


def test_null_is_the_bound_alone() -> None:
    assert check_runtimes(None) == []


def test_each_is_asked_once() -> None:
    assert check_runtimes(["1.30.0", "newest", "1.30.0"]) == ["1.30.0", "newest"]


@pytest.mark.parametrize(
    ("value", "got"),
    [
        ("newest", r"expected a list such as \[newest, 1\.31\.1\], got 'newest'"),
        ([1.3], r"whole versions such as 1\.31\.1, got the number 1\.3, as which YAML reads 1\.3 and 1\.30 alike"),
        ([1], "got the number 1, as which"),
        (["1.31"], r"expected newest or whole versions such as 1\.31\.1, got '1\.31'"),
        (["latest"], "expected newest or whole versions .* got 'latest'"),
        ([None], "got None"),
        (["1.31.1\n"], "got '1.31.1"),
    ],
)
def test_what_is_no_list_of_runtimes(value: object, got: str) -> None:
    with pytest.raises(ValueError, match=got):
        check_runtimes(value)


def test_the_setting_is_named(params) -> None:
    with pytest.raises(PipelineError, match=r"verify\.runtimes: expected newest or whole versions .*1\.3"):
        params("verify.runtimes=[1.30]")


def test_versions_are_text_without_quotes(params) -> None:
    assert params("verify.runtimes=[newest,1.30.0]").verify.runtimes == ["newest", "1.30.0"]


def test_by_default_the_bound_alone(params) -> None:
    assert params().verify.runtimes == []
