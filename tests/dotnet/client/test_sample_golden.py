"""The golden calls of the C# project's sample are those that its script writes."""

from sample_golden import GOLDEN, encode_golden


def test_the_golden_calls_of_the_sample_are_fresh() -> None:
    assert {path.name: path.read_bytes() for path in GOLDEN.iterdir()} == encode_golden()
