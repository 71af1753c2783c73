#!/usr/bin/env python3
"""Talk to the scripted upstream with OpenAI's own Python package.

    go build -o bin/assay ./cmd/assay
    e2e/openai-sdk/run.py --assay bin/assay

What Assay's tests believe to be OpenAI's protocol is checked by a client that
others wrote: whole and streamed replies, usage, tool calls, structured output,
typed errors, a retry after 429, and a stream that stops half-way. Needs Python
3.9 or newer; the package is installed into a virtual environment of its own.
"""

import argparse
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent


def install(venv):
    python = venv / "bin" / "python"
    stamp, wanted = venv / "assay-e2e-requirements.txt", HERE / "requirements.txt"
    if not (stamp.exists() and stamp.read_bytes() == wanted.read_bytes()):
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--requirement", wanted], check=True)
        stamp.write_bytes(wanted.read_bytes())
    return python


def main():
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--assay", default="bin/assay", type=pathlib.Path, help="the binary to check")
    p.add_argument("--venv", default=cache / "assay-e2e" / "openai-sdk", type=pathlib.Path, help="where the package is installed")
    args = p.parse_args()
    python = install(args.venv.absolute())
    upstream = subprocess.Popen([args.assay.resolve(strict=True), "script", "serve", HERE / "upstream.yaml", "--addr", "127.0.0.1:0"],
                                stdout=subprocess.PIPE, text=True)
    try:
        address = next(word for word in upstream.stdout.readline().split() if word.startswith("http://"))
        return subprocess.run([python, HERE / "check.py", address.rstrip("/")]).returncode
    finally:
        upstream.terminate()
        upstream.wait(timeout=10)


if __name__ == "__main__":
    sys.exit(main())
