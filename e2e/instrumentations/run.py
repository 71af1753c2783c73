#!/usr/bin/env python3
"""Run real instrumentations against `assay serve` and check what it derives.

    go build -o bin/assay ./cmd/assay
    e2e/instrumentations/run.py --assay bin/assay

Each program under programs/ runs each scenario against the scripted upstream,
through a proxy that keeps what went over the wire, and exports to an Assay that
is started on a fresh folder. Then every trace is read through the JSON API and
compared with the wire, field by field: see compare/. Ends with exit code 1 when
something differs that captured/absent.json does not explain.
"""

import argparse
import json
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

import harness
from capture import PORTS, context
from recorder import Recorder

REPOSITORY = harness.HERE.parent.parent


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Assay:
    """`assay serve` on a folder and ports of its own."""

    def __init__(self, binary, folder):
        http, self.grpc = free_port(), f"127.0.0.1:{free_port()}"
        self.url = f"http://127.0.0.1:{http}"
        self.log = open(folder / "serve.log", "w+")
        self.process = subprocess.Popen([binary, "serve", "--data", folder / "data", "--listen", f"127.0.0.1:{http}", "--grpc", self.grpc],
                                        stdout=self.log, stderr=self.log)

    def __enter__(self):
        for _ in range(300):
            try:
                self.get("/readyz")
                return self
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.1)
        self.log.seek(0)
        raise RuntimeError("assay serve did not get ready:\n" + self.log.read())

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=30)
        self.log.close()

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=30) as reply:
            return reply.read()

    def traces(self, project):
        """The ids of all traces of a project, newest first."""
        return [t["trace_id"] for t in json.loads(self.get(f"/api/v1/traces?limit=1000&project={project}"))["traces"]]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    harness.flags(parser)
    args = parser.parse_args()
    binary = args.assay.resolve(strict=True)
    recorder, runs, seen = Recorder(PORTS["upstream"]), [], set()
    with tempfile.TemporaryDirectory() as temporary, Assay(binary, pathlib.Path(temporary)) as assay:
        for name in args.only or harness.PROGRAMS:
            command = harness.install(name, args.cache)
            project, more = harness.PROGRAMS[name].get("project", "default"), {}
            if name == "traceloop":  # without a scheme, its SDK sends over gRPC
                more = {"OTEL_EXPORTER_OTLP_ENDPOINT": assay.grpc, "OTEL_EXPORTER_OTLP_INSECURE": "true"}
            for scenario in args.scenario or harness.SCENARIOS:
                with harness.Upstream(binary) as upstream:
                    recorder.upstream = upstream.address
                    harness.run(name, scenario, command, f"http://127.0.0.1:{PORTS['upstream']}", assay.url, more)
                made = [t for t in assay.traces(project) if t not in seen]
                seen.update(made)
                runs.append({"instrumentation": name, "scenario": scenario, "project": project, "traces": made,
                             "wire": {"set": context(scenario), "exchanges": recorder.take()}})
                print("ran", name, scenario, len(made), "traces", file=sys.stderr)
        job = pathlib.Path(temporary) / "job.json"
        job.write_text(json.dumps({"api": assay.url, "runs": runs}))
        return subprocess.run(["go", "run", "./e2e/instrumentations/compare", job], cwd=REPOSITORY).returncode


if __name__ == "__main__":
    sys.exit(main())
