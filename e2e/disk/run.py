#!/usr/bin/env python3
"""Fill the disk under `assay serve`, and see that no answer comes before its sync.

    go build -o bin/assay ./cmd/assay
    e2e/disk/run.py --assay bin/assay

Needs root for a tmpfs of 24 MB, or --full FOLDER on a file system that small, and
strace. Sends traces until the disk is full and long after; looks whether all that
was acknowledged can be read meanwhile, whether the server takes in again once
there is room, and whether everything is whole after a restart. Then sends one
span under strace and looks at the order of write, fdatasync and answer. Ends
with exit code 1 when something is not as it must be.
"""

import argparse
import json
import os
import pathlib
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

SPANS = 20  # of a trace
failed = []


def check(what, ok):
    print(f"{'ok    ' if ok else 'FAILED'} {what}", flush=True)
    if not ok:
        failed.append(what)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    def __init__(self, binary, data, before=()):
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        command = [*before, binary, "serve", "--data", data, "--listen", f"127.0.0.1:{port}", "--grpc", f"127.0.0.1:{free_port()}", "--quiet"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(600):
            if self.ask("/readyz")[0] == 200:
                return
            time.sleep(0.05)
        sys.exit("assay serve did not get ready")

    def ask(self, path, body=None):
        request = urllib.request.Request(self.url + path, body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                return reply.status, reply.headers, reply.read()
        except urllib.error.HTTPError as e:
            return e.code, e.headers, e.read()
        except OSError:
            return 0, {}, b""

    def send(self, n, size):
        """Sends trace n and says whether it was acknowledged, and how."""
        spans = [{
            "traceId": f"{n + 1:032x}", "spanId": f"{n * SPANS + i + 1:016x}", "name": "step",
            "startTimeUnixNano": str(1_700_000_000_000_000_000 + n), "endTimeUnixNano": "1700000001000000000",
            "attributes": [{"key": "text", "value": {"stringValue": random.randbytes(size // 2).hex()}}],
        } for i in range(SPANS)]
        return self.ask("/v1/traces", json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).encode())

    def whole(self, traces):
        """How many of the traces have all of their spans."""
        count = 0
        for n in traces:
            status, _, text = self.ask(f"/api/v1/traces/{n + 1:032x}")
            count += status == 200 and len(json.loads(text)["spans"]) == SPANS
        return count

    def stop(self):
        self.process.terminate()
        return self.process.wait(60)


def full(binary, folder):
    spare = folder / "spare"
    spare.write_bytes(bytes(4_000_000))
    server = Server(binary, folder / "data")
    kept, refused = [], []
    for n in range(800):
        status, headers, _ = server.send(n, 3000)
        if status == 200:
            kept.append(n)
        else:
            refused.append((status, headers.get("Retry-After")))
    check(f"{len(kept)} traces acknowledged, {len(refused)} refused: {set(refused)}", kept and refused and {s for s, _ in refused} == {503} and all(r for _, r in refused))
    check(f"{server.whole(kept)} of {len(kept)} whole while the disk is full", server.whole(kept) == len(kept))
    status, _, text = server.ask("/readyz")
    check(f"/readyz {status}: {text.decode().strip()}", status == 503)
    spare.unlink()
    again = [n for n in range(1000, 1010) if server.send(n, 3000)[0] == 200]
    check(f"{len(again)} of 10 acknowledged as soon as there is room", len(again) == 10)
    check("a polite stop ends with 0", server.stop() == 0)
    server = Server(binary, folder / "data")
    check(f"{server.whole(kept + again)} of {len(kept + again)} whole after a restart", server.whole(kept + again) == len(kept + again))
    server.stop()
    fsck = subprocess.run([binary, "fsck", "--data", folder / "data"], capture_output=True, text=True)
    check("fsck: " + fsck.stdout.strip(), fsck.returncode == 0)


def order(binary, folder):
    calls = folder / "calls"
    server = Server(binary, folder / "data", ["strace", "-f", "-y", "-s", "24", "-e", "trace=write,fdatasync,fsync", "-o", str(calls)])
    status, _, _ = server.send(1, 100)
    subprocess.run(["pkill", "-TERM", "-P", str(server.process.pid)], check=True)
    server.process.wait(60)
    seen = []
    for line in calls.read_text().splitlines():
        if re.search(r'write\(\d+<[^>]*\.seg>, "ARec', line):
            seen.append("write")
        elif re.search(r"f(data)?sync\(\d+<[^>]*\.seg>", line) and "write" in seen:
            seen.append("sync")
        elif "HTTP/1.1 200" in line and "write" in seen:
            seen.append("answer")
            break
    check(f"answered {status}, in this order: {', '.join(seen)}", status == 200 and seen[:3] == ["write", "sync", "answer"])


def main():
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--assay", default="bin/assay", type=pathlib.Path, help="the binary")
    flags.add_argument("--full", type=pathlib.Path, help="an empty folder on a file system of about 24 MB; a tmpfs by default")
    options = flags.parse_args()
    binary = options.assay.resolve()
    for program in ("strace", "pkill"):
        if not shutil.which(program):
            sys.exit(f"{program} is needed")
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        small = options.full or work / "small"
        if not options.full:
            small.mkdir()
            subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", small], check=True)
        try:
            full(binary, small)
        finally:
            if not options.full:
                subprocess.run(["umount", small], check=True)
        order(binary, work)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
