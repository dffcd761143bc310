"""The lines with which publish ends, whatever ran before: verdict, metric, margin, package, version, link."""

from pipeline.core.reports import PublishReport
from pipeline.registry.run_content import Evidence


def write_closing_lines(report: PublishReport, evidence: Evidence, published_before: bool) -> list[str]:
    verified = "verified" if evidence.dotnet.verified else "not verified"
    return [
        f"publish: models:/{report.model}@{report.alias} is version {report.version} (run {report.run_id}"
        f"{', published before' if published_before else ''}), {verified} in .NET; "
        "look with `make ui`"
    ]
