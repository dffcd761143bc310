from pipeline.dotnet.nuget.dependency_groups import group_dependencies


def test_the_runtime_is_the_consumers_choice():
    packages = [
        {name for name in group.packages if name.startswith("Microsoft.ML.")}
        for runtime in ("cpu", "managed")
        for group in group_dependencies(runtime, "1.31.1")
    ]
    assert packages == [{"Microsoft.ML.OnnxRuntime"}] * 2 + [{"Microsoft.ML.OnnxRuntime.Managed"}] * 2


def test_the_runtime_is_asked_for_at_the_bound():
    assert {group.packages["Microsoft.ML.OnnxRuntime"] for group in group_dependencies("cpu", "1.30.0")} == {"1.30.0"}


def test_net8_has_no_packages_of_what_it_has_itself():
    old, new = group_dependencies("cpu", "1.31.1")
    assert (old.framework, new.framework) == ("netstandard2.0", "net8.0")
    assert set(old.packages) - set(new.packages) == {"System.Diagnostics.DiagnosticSource", "System.Text.Json"}


def test_further_packages_stand_in_every_group():
    groups = group_dependencies("cpu", "1.31.1", {"Microsoft.Extensions.AI.Abstractions": "9.5.0"})
    assert [group.packages["Microsoft.Extensions.AI.Abstractions"] for group in groups] == ["9.5.0", "9.5.0"]


def test_packages_are_in_the_order_of_their_names():
    assert all(list(group.packages) == sorted(group.packages) for group in group_dependencies("managed", "1.31.1"))
