#!/usr/bin/env python3
"""Capture what real instrumentations send, as fixtures of the mapping.

    go build -o bin/assay ./cmd/assay
    e2e/instrumentations/capture.py --assay bin/assay            # write the fixtures anew
    e2e/instrumentations/capture.py --assay bin/assay --check    # compare with those that are there

Each program under programs/ runs each scenario of scenarios.json against the
scripted upstream, through a proxy that keeps what went over the wire, and sends
its telemetry to a receiver that keeps it as it came. With --check the fixtures
are captured again and must differ in nothing but ids and times.
"""

import argparse
import json
import pathlib
import subprocess
import sys

import harness

HERE = harness.HERE
OUT = HERE.parent.parent / "internal" / "trace" / "semconv" / "testdata" / "captured"
PORTS = {"upstream": 18431, "otlp": 18432}  # fixed, because spans name them


def versions(command):
    """The packages that matter to what is sent, with their versions."""
    wanted = ("opentelemetry", "openai", "openinference", "lang", "traceloop", "pydantic", "ai", "@ai-sdk", "@opentelemetry")
    if command[0] == "node":
        lock = json.loads((command[1].parent / "package.json").read_text())
        return lock["dependencies"]
    listed = json.loads(subprocess.run([command[0], "-m", "pip", "list", "--format", "json"],
                                       check=True, capture_output=True, text=True).stdout)
    return {p["name"]: p["version"] for p in listed if p["name"].startswith(wanted)}


def context(scenario):
    """What the program knows beside the wire: what it set and what it retrieved."""
    everything = json.loads((HERE / "scenarios.json").read_text())
    told = {key: everything[key] for key in ("session", "user", "tags")}
    if scenario == "rag":
        told["documents"] = [{k: v for k, v in d.items() if k != "vector"} for d in everything["documents"]]
    return told


def capture(name, scenario, command, assay, recorder, receiver):
    """The files of one fixture."""
    import fixture
    with harness.Upstream(assay) as upstream:
        recorder.upstream = upstream.address
        harness.run(name, scenario, command, f"http://127.0.0.1:{PORTS['upstream']}", f"http://127.0.0.1:{PORTS['otlp']}")
    requests, exchanges = receiver.take(), recorder.take()
    if not requests:
        raise RuntimeError(f"{name} {scenario} sent nothing")
    home = pathlib.Path(command[0]).parent.parent if command[0] != "node" else command[1].parent
    places = [(home, "/installed"), (HERE, "/app"), (sys.base_prefix, "/python"), (pathlib.Path.home(), "/home")]
    meta = {"instrumentation": name, "scenario": scenario, "packages": versions(command)}
    wire = {"set": context(scenario), "exchanges": exchanges}
    return fixture.files(requests, wire, meta, places)


def ours(folder):
    """The files of a fixture that are there, without what tests keep beside them."""
    return [f for pattern in ("otlp-*", "meta.json", "wire.json") for f in folder.glob(pattern)]


def write(folder, made):
    """Replace a fixture's files."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in ours(folder):
        old.unlink()
    for name, content in made.items():
        (folder / name).write_bytes(content)


def differences(folder, made):
    """What of a fixture that is there is not so in the one made now."""
    import fixture
    there = {f.name: f.read_bytes() for f in ours(folder)}
    if set(there) != set(made):
        return [f"files {sorted(there)} became {sorted(made)}"]
    changed = [f"{name} changed" for name in ("meta.json", "wire.json") if there[name] != made[name]]
    old, new = fixture.comparable(there), fixture.comparable(made)
    changed += ["- " + line for line in old if line not in new] + ["+ " + line for line in new if line not in old]
    return changed or (["the number of spans changed"] if len(old) != len(new) else [])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    harness.flags(parser)
    parser.add_argument("--out", default=OUT, type=pathlib.Path, help="where the fixtures are")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    args = parser.parse_args()
    python = harness.venv(HERE, args.cache)
    if sys.prefix != str(python.parent.parent):
        return subprocess.run([python, HERE / "capture.py", *sys.argv[1:]]).returncode
    from receiver import Receiver
    from recorder import Recorder
    recorder, receiver = Recorder(PORTS["upstream"]), Receiver(PORTS["otlp"])
    failed = 0
    for name in args.only or harness.PROGRAMS:
        command = harness.install(name, args.cache)
        for scenario in args.scenario or harness.SCENARIOS:
            folder = args.out / name / scenario
            made = capture(name, scenario, command, args.assay.resolve(strict=True), recorder, receiver)
            if not args.check:
                write(folder, made)
                print("wrote", name, scenario, sum(map(len, made.values())), "bytes")
                continue
            changed = differences(folder, made)
            failed += bool(changed)
            print("FAIL" if changed else "ok  ", name, scenario, *("\n     " + line[:400] for line in changed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
