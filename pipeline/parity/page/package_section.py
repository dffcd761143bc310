"""The package's version, and what is different from the release before it."""

from pipeline.core.release import PackageVersion
from pipeline.parity.page.markup import Markup, row, section, sentence, table, tag

HEADS = ("moves", "what changed")


def render_package(package: PackageVersion | None) -> Markup | None:
    """The section; None where nothing is packed yet."""
    if package is None:
        return None
    since = f"What changed since {package.previous}"
    if not package.previous:
        told = f"Version {package.version}; there is no release before it."
    elif not package.changes:
        told = f"Version {package.version}, with the same content as {package.previous}."
    else:
        told = f"Version {package.version}. {since}:"
    rows = [
        row(tag("th", change.part, scope="row"), tag("td", sentence(change.text), class_="long"), heads=HEADS)
        for change in package.changes
    ]
    content = [tag("p", told), *([table(HEADS, rows, since, names=2)] if rows else [])]
    return section("package", "Version of the package", *content)
