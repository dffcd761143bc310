"""Which operators each onnxruntime runs on a processor -> pipeline/runtimes/kernels.json; the wheels themselves say so.

    python -m pipeline compat --install 1.16 1.17 ... 1.32      (once)
    python benchmarks/kernels.py
    python benchmarks/kernels.py --prove                        what the table expects of onnx's own test models, and what the wheels do

Every wheel lists its kernels and the operators that it knows, each in a process of its own, and opens identity models of every opset
and IR version. The table has, for each version of an operator, the element types of its kernels by the first onnxruntime that has them.
An operator without a kernel whose meaning onnx spells out in other operators counts as run, for any type.
"""

import json
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.core.files import write_text
from pipeline.runtimes.kernel_table import TABLE
from pipeline.runtimes.wheels import find_wheel, list_wheels, minor_of
from pipeline.settings.compat import CLIENT_MINOR, NEWEST_MINOR

DOMAINS = ("", "ai.onnx.ml", "com.microsoft")
# What a kernel's range of versions ends with when it has no end.
OPEN = 2**31 - 1
# Folded before any kernel is looked for.
FOLDED = {("", "Constant")}

# A kernel: domain, operator, version of the operator, and the element types by parameter, each ("T", ("float", "double")).
Kernel = tuple[str, str, int, tuple[tuple[str, tuple[str, ...]], ...]]


def describe() -> dict[str, Any]:
    """What the onnxruntime of this process says of itself."""
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    kernels = defaultdict(list)
    for kernel in state.get_all_opkernel_def():
        if kernel.provider == "CPUExecutionProvider":
            kernels[kernel.domain, kernel.op_name].append((*kernel.version_range, kernel.type_constraints))
    known, runs = [], []
    for schema in state.get_all_operator_schema():
        if schema.domain in DOMAINS:
            key = schema.domain, schema.name, schema.since_version
            known.append(key)
            # As onnxruntime's own registry decides.
            runs += [
                (*key, types)
                for first, last, types in kernels[schema.domain, schema.name]
                if first == schema.since_version or (first < schema.since_version <= last < OPEN)
            ]
    return {"version": onnxruntime.__version__, "known": known, "kernels": runs, **measure_limits()}


def measure_limits() -> dict[str, Any]:
    """The highest IR version, and opset of each domain, with which this onnxruntime opens a model."""
    opsets = {domain: max(number for number in range(1, 41) if opens(8, {domain: number})) for domain in DOMAINS}
    return {"ir": max(ir for ir in range(3, 31) if opens(ir, {"": 13})), "opsets": opsets}


def opens(ir: int, opsets: dict[str, int]) -> bool:
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        onnxruntime.InferenceSession(identity(ir, opsets), options, providers=["CPUExecutionProvider"])
    except (state.Fail, state.InvalidArgument):
        return False
    return True


def identity(ir: int, opsets: dict[str, int]) -> bytes:
    """A model that copies a float, in protobuf's own form: the package onnx wants another numpy than the older wheels."""
    port = field(2, field(1, field(1, 1) + field(2, field(1, field(1, 1)))))
    graph = field(1, field(1, b"x") + field(2, b"y") + field(4, b"Identity")) + field(2, b"g")
    graph += field(11, field(1, b"x") + port) + field(12, field(1, b"y") + port)
    versions = {"": 13, **opsets}
    imports = b"".join(field(8, field(1, domain.encode()) + field(2, number)) for domain, number in versions.items())
    return field(1, ir) + field(7, graph) + imports


def field(number: int, value: int | bytes) -> bytes:
    """One field of a protobuf message whose numbers are below 128."""
    if isinstance(value, int):
        return bytes([number << 3, value])
    return bytes([number << 3 | 2, len(value)]) + value


def functions() -> set[tuple[str, str, int]]:
    """Operators whose meaning onnx spells out in others."""
    import onnx

    return {
        (schema.domain, schema.name, schema.since_version)
        for schema in onnx.defs.get_all_schemas_with_history()
        if schema.has_function or schema.has_context_dependent_function
    }


def element_types(types: dict[str, list[str]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """By parameter, without `tensor(...)`; other than tensors (sequences) stay as they are."""
    return tuple(
        (
            parameter,
            tuple(
                sorted(
                    name.removeprefix("tensor(").removesuffix(")") if "(tensor" not in name else name for name in names
                )
            ),
        )
        for parameter, names in sorted(types.items())
    )


def merge(kernels: set[tuple[tuple[str, tuple[str, ...]], ...]]) -> list[dict[str, str]]:
    """Kernels that differ in the types of one parameter alone are one row."""
    rows = [dict(kernel) for kernel in sorted(kernels)]
    merged = True
    while merged:
        merged = False
        for place, row in enumerate(rows):
            for other in rows[place + 1 :]:
                differing = [name for name in row if row[name] != other.get(name)] if set(row) == set(other) else []
                if set(row) == set(other) and len(differing) <= 1:
                    for name in differing:
                        row[name] = tuple(sorted({*row[name], *other[name]}))
                    rows.remove(other)
                    merged = True
                    break
    return [{parameter: " ".join(names) for parameter, names in row.items()} for row in rows]


def tabulate(wheels: dict[int, dict[str, Any]]) -> Iterator[tuple[str, str, int, int, list[dict[str, str]]]]:
    """Domain, operator, version, first minor, and the kernels that came with it."""
    spelled_out = functions()
    first: dict[tuple[str, str, int], dict[Any, int]] = defaultdict(dict)
    for minor, wheel in sorted(wheels.items()):
        for domain, operator, since, types in wheel["kernels"]:
            first[domain, operator, since].setdefault(element_types(types), minor)
        for domain, operator, since in map(tuple, wheel["known"]):
            if (domain, operator, since) in spelled_out or (domain, operator) in FOLDED:
                first[domain, operator, since].setdefault((), minor)
    for (domain, operator, since), kernels in sorted(first.items()):
        for minor in sorted(set(kernels.values())):
            yield domain, operator, since, minor, merge({types for types, came in kernels.items() if came == minor})


def main() -> None:
    wheels = {}
    for minor in range(CLIENT_MINOR, NEWEST_MINOR + 1):
        wheel = find_wheel(f"1.{minor}")
        if wheel is None:
            sys.exit(f"error: no wheel of onnxruntime 1.{minor} here: python -m pipeline compat --install 1.{minor}")
        command = wheel.command(str(Path(__file__).resolve()), "--describe")
        printed = subprocess.run(command, env=wheel.environment(), capture_output=True, text=True, check=True).stdout
        wheels[minor_of(wheel.version)] = json.loads(printed)
        print(
            f"{wheel.version}: {len(wheels[minor]['kernels'])} kernels, {wheels[minor]['opsets']}, IR {wheels[minor]['ir']}"
        )
    operators: dict[str, Any] = {}
    for domain, operator, since, minor, rows in tabulate(wheels):
        versions = operators.setdefault(domain, {}).setdefault(operator, {})
        versions.setdefault(str(since), {})[str(minor)] = rows
    limits = {
        str(minor): {"wheel": wheel["version"], "ir": wheel["ir"], "opsets": wheel["opsets"]}
        for minor, wheel in wheels.items()
    }
    lines = [f"{json.dumps(minor)}: {json.dumps(limit)}" for minor, limit in limits.items()]
    text = '{"limits": {\n' + ",\n".join(lines) + '\n}, "operators": {\n'
    for place, (domain, entries) in enumerate(operators.items()):
        text += (",\n" if place else "") + f"{json.dumps(domain)}: {{\n"
        text += ",\n".join(f"{json.dumps(name)}: {json.dumps(versions)}" for name, versions in entries.items()) + "\n}"
    write_text(TABLE, text + "\n}}\n")
    print(f"{TABLE}: {TABLE.stat().st_size:,} bytes")
    for line in vanished(wheels):
        print(line)


def vanished(wheels: dict[int, dict[str, Any]]) -> Iterator[str]:
    """Element types that an operator's kernels have no longer in a later onnxruntime; the table says nothing of that."""
    before: dict[Any, set[str]] = defaultdict(set)
    for minor, wheel in sorted(wheels.items()):
        today: dict[Any, set[str]] = defaultdict(set)
        for domain, operator, since, types in wheel["kernels"]:
            for parameter, names in element_types(types):
                today[domain, operator, since, parameter] |= {*names}
        known = {tuple(key) for key in wheel["known"]}
        for (domain, operator, since, parameter), names in sorted(before.items()):
            lost = names - today[domain, operator, since, parameter]
            if lost and (domain, operator, since) in known:
                yield f"gone in 1.{minor}: {domain or 'ai.onnx'}.{operator}-{since} {parameter}: {' '.join(sorted(lost))}"
        before = today


def write_cases(folder: Path) -> None:
    """Write the models of onnx's own tests, each with the oldest opset that its operators have and an IR version that all take."""
    import onnx
    from onnx.backend.test.case.node import collect_testcases

    for case in collect_testcases(None):
        if case.model is None or case.name.endswith("_expanded"):
            continue
        model = onnx.ModelProto.FromString(case.model.SerializeToString())
        for entry in model.opset_import:
            nodes = [node for node in model.graph.node if node.domain == entry.domain]
            known = [node.op_type for node in nodes if onnx.defs.has(node.op_type, entry.domain)]
            since = [onnx.defs.get_schema(name, entry.version, entry.domain).since_version for name in known]
            entry.version = max([*since, 1 if entry.domain else 7])
        model.ir_version = 8
        (folder / f"{case.name}.onnx").write_bytes(model.SerializeToString())


def open_cases(folder: Path) -> dict[str, str]:
    """Open each in the onnxruntime of this process: why not, "" where it does."""
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    errors = {}
    for path in sorted(folder.glob("*.onnx")):
        errors[path.stem] = ""
        try:
            onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except (
            state.Fail,
            state.InvalidGraph,
            state.NotImplemented,
            state.InvalidArgument,
            state.RuntimeException,
        ) as error:
            errors[path.stem] = " ".join(str(error).split())
    return errors


def prove() -> None:
    """Print how often the table is right, and what it is wrong about."""
    from pipeline.graph import onnx_model
    from pipeline.graph.operators import read_requirements
    from pipeline.runtimes.compatibility import expect

    counts: Counter[str] = Counter()
    wrong: dict[str, list[str]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_cases(folder)
        graphs = {path.stem: read_requirements(onnx_model.load_graph(path, "onnx")) for path in folder.glob("*.onnx")}
        for wheel in list_wheels():
            command = wheel.command(str(Path(__file__).resolve()), "--open", name)
            printed = subprocess.run(
                command, env=wheel.environment(), capture_output=True, text=True, check=True
            ).stdout
            for case, error in json.loads(printed).items():
                expected = next(expect(wheel.version, graphs[case], {}), "")
                counts[f"expected to {'be refused' if expected else 'load'}, {'refused' if error else 'loads'}"] += 1
                if bool(expected) != bool(error):
                    wrong[f"{case}: {expected or error}"[:200]].append(wheel.version)
    for sentence, count in sorted(counts.items()):
        print(f"{sentence}: {count:,}")
    for case, versions in sorted(wrong.items()):
        print(f"  {versions[0]} to {versions[-1]}: {case}")


if __name__ == "__main__":
    if "--describe" in sys.argv:
        print(json.dumps(describe()))
    elif "--open" in sys.argv:
        print(json.dumps(open_cases(Path(sys.argv[-1]))))
    elif "--prove" in sys.argv:
        prove()
    else:
        main()
