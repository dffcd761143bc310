import sample_reports as samples
from pipeline.registry.pictures.parity_picture import DRAWN, picture_parity
from sample_reports import EVIDENCE


def test_each_output_has_two_panels():
    drawn = picture_parity(samples.parity())
    assert "".join(drawn.parts).count("<svg") == 2
    assert drawn.title == "Every error is within 2 % of what is allowed"


def test_errors_beyond_the_limit_are_not_praised():
    drawn = picture_parity(samples.failed())
    assert drawn.title == "Every error is not within what is allowed: the largest is 30 times"


def test_of_many_outputs_the_worst_are_drawn():
    report, _ = samples.many(9)
    drawn = picture_parity(report)
    assert "".join(drawn.parts).count("<svg") == 2 * DRAWN
    assert f"The {DRAWN} outputs that use most of it." in drawn.subtitle


def test_answers_without_a_tolerance_have_no_picture():
    assert picture_parity(samples.parity(evidence=None)) is None
    assert picture_parity(samples.parity(evidence={**EVIDENCE, "outputs": {}})) is None
    assert picture_parity(samples.parity(used=None)) is None
