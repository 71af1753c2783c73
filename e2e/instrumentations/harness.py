"""Installing and running the programs; capture.py and run.py use it.

A program is a folder under programs/ with its own pinned packages, installed
into the user's cache and run with an environment of nothing but what it needs.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
PROGRAMS = json.loads((HERE / "programs.json").read_text())
SCENARIOS = list(json.loads((HERE / "scenarios.json").read_text())["scenarios"])
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "assay-e2e" / "instrumentations"


def flags(parser):
    """The flags that both scripts take."""
    parser.add_argument("--assay", default="bin/assay", type=pathlib.Path, help="the binary that serves the script")
    parser.add_argument("--only", action="append", choices=list(PROGRAMS), help="this instrumentation alone; may be repeated")
    parser.add_argument("--scenario", action="append", choices=SCENARIOS, help="this scenario alone; may be repeated")
    parser.add_argument("--cache", default=CACHE, type=pathlib.Path, help="where packages are installed")


def venv(folder, cache):
    """The Python of a virtual environment with the folder's requirements."""
    python = cache / folder.name / "bin" / "python"
    stamp, wanted = cache / folder.name / "assay-e2e-requirements.txt", folder / "requirements.txt"
    if not (stamp.exists() and stamp.read_bytes() == wanted.read_bytes()):
        print("installing", folder.name, file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", cache / folder.name], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps", "--requirement", wanted], check=True)
        stamp.write_bytes(wanted.read_bytes())
    return python


def install(name, cache):
    """The words that start a program, its packages being there afterwards."""
    folder = HERE / "programs" / name
    if (folder / "requirements.txt").exists():
        return [venv(folder, cache), HERE / "programs" / PROGRAMS[name].get("program", name) / "main.py"]
    home = cache / folder.name
    stamp, wanted = home / "assay-e2e-package-lock.json", folder / "package-lock.json"
    if not (stamp.exists() and stamp.read_bytes() == wanted.read_bytes()):
        print("installing", folder.name, file=sys.stderr)
        home.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / "package.json", home)
        shutil.copy(wanted, home)
        subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=home, check=True)
        stamp.write_bytes(wanted.read_bytes())
    for script in folder.glob("*.mjs"):
        shutil.copy(script, home)  # Node looks for packages beside the script
    return ["node", home / "main.mjs"]


def run(name, scenario, command, upstream, otlp, more=()):
    """Run a program for one scenario; what it prints is only shown when it fails."""
    env = {
        "PATH": os.environ["PATH"], "HOME": str(CACHE), "PYTHONPATH": str(HERE / "programs"),
        "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0", "NO_PROXY": "127.0.0.1,localhost",
        "ASSAY_E2E_SCENARIOS": str(HERE / "scenarios.json"),
        "OPENAI_API_KEY": "not-a-key", "OPENAI_BASE_URL": upstream + "/v1",
        "OTEL_EXPORTER_OTLP_ENDPOINT": otlp, "OTEL_SERVICE_NAME": "help-centre",
        "OTEL_RESOURCE_ATTRIBUTES": "service.version=1.4.0,deployment.environment.name=staging",
        "OTEL_METRICS_EXPORTER": "none",
        # One batch at the end: a timer would make the number of requests a matter of chance.
        "OTEL_BSP_SCHEDULE_DELAY": "60000", "OTEL_BLRP_SCHEDULE_DELAY": "60000",
    }
    env |= {key: value.replace("{otlp}", otlp) for key, value in PROGRAMS[name].get("env", {}).items()} | dict(more)
    done = subprocess.run([*command, scenario], env=env, cwd=command[0].parent if command[0] != "node" else command[1].parent, capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise RuntimeError(f"{name} {scenario} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


class Upstream:
    """`assay script serve`, fresh for each scenario; `address` is (host, port)."""

    def __init__(self, assay):
        self.process = subprocess.Popen([assay, "script", "serve", HERE / "upstream.yaml", "--addr", "127.0.0.1:0"],
                                        stdout=subprocess.PIPE, text=True)
        url = next(word for word in self.process.stdout.readline().split() if word.startswith("http://"))
        host, port = url.removeprefix("http://").split("/")[0].split(":")
        self.address = (host, int(port))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=10)
        self.process.stdout.close()
