import pytest

from pipeline.core.release import Change, PackageVersion
from pipeline.parity.page.document import render_page
from pipeline.parity.page.package_section import render_package
from sample_reports import HOSTILE, contract, dotnet, parity

CHANGES = [Change(part="major", text="input 'x' is gone"), Change(part="patch", text="the golden answers are others")]


@pytest.mark.parametrize(
    ("package", "told"),
    [
        (PackageVersion(version="1.0.0"), "Version 1.0.0; there is no release before it."),
        (PackageVersion(version="1.1.0", previous="1.0.0"), "Version 1.1.0, with the same content as 1.0.0."),
        (
            PackageVersion(version="2.0.0", previous="1.0.0", changes=CHANGES),
            "Version 2.0.0. What changed since 1.0.0:",
        ),
    ],
)
def test_the_version_is_told(package, told):
    assert f"<p>{told}</p>" in str(render_package(package))


def test_a_line_of_the_table_is_a_difference():
    html = str(render_package(PackageVersion(version="2.0.0", previous="1.0.0", changes=CHANGES)))
    assert html.count("<tr>") == 3
    assert "Input &#x27;x&#x27; is gone" in html


def test_the_page_of_a_package_has_the_section_escaped():
    changes = [Change(part="minor", text=HOSTILE)]
    html = render_page(
        parity(), contract(), dotnet(), package=PackageVersion(version="1.1.0-g1", previous="1.0.0", changes=changes)
    )
    assert 'id="package"' in html
    assert HOSTILE not in html


def test_before_anything_is_packed_there_is_no_section():
    assert render_package(None) is None
    assert 'id="package"' not in render_page(parity(), contract())
