import pytest

from experiment_projects import METRICS, SETTINGS, Project


@pytest.fixture
def project(empty) -> Project:
    return Project(empty)


@pytest.fixture
def run_once(project) -> Project:
    """A project whose first commit has run."""
    project.write(SETTINGS, metrics=METRICS, dotnet={"verified": True}, publish={"model": "digits", "version": 3})
    project.commit()
    return project
