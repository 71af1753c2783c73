#!/usr/bin/env python3
"""Point real SDKs at an `assay serve` that wants a key, by address and key alone.

    go build -o bin/assay ./cmd/assay
    e2e/instrumentations/keys.py --assay bin/assay

For each SDK only the variables that docs/serve.md names are set. What it sends
must arrive in the key's project; with another key nothing may arrive. Ends with
exit code 1 when something else happens.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.request

import harness
from capture import PORTS
from recorder import Recorder
from run import Assay

# What docs/serve.md tells each SDK; the rest of the environment is for the program.
SDKS = {
    "openai-v2": {"OTEL_EXPORTER_OTLP_ENDPOINT": "{http}", "OTEL_EXPORTER_OTLP_HEADERS": "x-api-key={key}"},
    "langfuse": {"LANGFUSE_BASE_URL": "{http}", "LANGFUSE_PUBLIC_KEY": "any", "LANGFUSE_SECRET_KEY": "{key}"},
    "langsmith": {"LANGSMITH_ENDPOINT": "{http}", "LANGSMITH_API_KEY": "{key}", "LANGSMITH_TRACING": "true",
                  "LANGSMITH_OTEL_ENABLED": "true", "LANGSMITH_OTEL_ONLY": "true"},
    "traceloop": {"TRACELOOP_BASE_URL": "{http}", "TRACELOOP_API_KEY": "{key}"},
    "phoenix-otel": {"PHOENIX_COLLECTOR_ENDPOINT": "{http}", "PHOENIX_GRPC_PORT": "{grpc port}", "PHOENIX_API_KEY": "{key}"},
    "logfire-otel": {"LOGFIRE_BASE_URL": "{http}", "LOGFIRE_TOKEN": "{key}"},
}


def key(binary, folder, project):
    """A key of a new project."""
    made = subprocess.run([binary, "key", "create", project, "--json", "--data", folder / "data"], check=True, capture_output=True, text=True)
    return json.loads(made.stdout)["secret"]


def count(assay, secret):
    """How many spans a key's project has."""
    request = urllib.request.Request(assay.url + "/api/v1/traces?limit=1000", headers={"x-api-key": secret})
    with urllib.request.urlopen(request, timeout=30) as reply:
        return len(json.load(reply)["traces"])


def run(name, command, variables, upstream):
    """Run one program with nothing set for its exporter but what is told here."""
    unset = {"OTEL_EXPORTER_OTLP_ENDPOINT": "", "OTEL_RESOURCE_ATTRIBUTES": ""}
    if name not in harness.PROGRAMS:
        harness.PROGRAMS[name] = {}
    elsewhere = harness.PROGRAMS[name].get("env", {})
    harness.PROGRAMS[name] = {**harness.PROGRAMS[name], "env": {k: v for k, v in elsewhere.items() if k.startswith("OTEL_INSTR") or "TELEMETRY" in k or "METRICS" in k}}
    return harness.run(name, "chat", command, upstream, "", {**unset, **variables})


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--assay", default="bin/assay", type=pathlib.Path, help="the binary to run")
    parser.add_argument("--only", action="append", choices=list(SDKS), help="this SDK alone; may be repeated")
    parser.add_argument("--cache", default=harness.CACHE, type=pathlib.Path, help="where packages are installed")
    args = parser.parse_args()
    binary = args.assay.resolve(strict=True)
    recorder, failed = Recorder(PORTS["upstream"]), 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        names = args.only or list(SDKS)
        keys = {name: key(binary, folder, name) for name in names}
        with Assay(binary, folder) as assay:
            for name in names:
                command = [harness.venv(harness.HERE / "programs" / name, args.cache), harness.HERE / "programs" / name / "main.py"]
                got = {}
                for whose, secret in {"another key": "assay_none_none", "its key": keys[name]}.items():
                    fill = {"{http}": assay.url, "{grpc port}": assay.grpc.split(":")[1], "{key}": secret}
                    variables = {}
                    for variable, value in SDKS[name].items():
                        for word, filled in fill.items():
                            value = value.replace(word, filled)
                        variables[variable] = value
                    began = time.monotonic()
                    with harness.Upstream(binary) as upstream:
                        recorder.upstream = upstream.address
                        run(name, command, variables, f"http://127.0.0.1:{PORTS['upstream']}")
                    recorder.take()
                    got[whose] = count(assay, keys[name])
                    print(f"{name} with {whose}: {got[whose]} traces, {time.monotonic() - began:.1f} s", flush=True)
                if got["another key"] != 0 or got["its key"] == 0:
                    failed += 1
                    print(f"{name}: WRONG")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
