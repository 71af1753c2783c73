"""An OTLP receiver that keeps what it is sent, byte for byte, and reads nothing."""

import gzip
import http.server
import threading
import zlib

from recorder import Server

# Headers that say how a body is to be read or where it belongs. Of a
# credential only its scheme, or that it was there.
TELLING = ("x-langfuse-ingestion-version", "x-langfuse-sdk-name", "x-langfuse-sdk-version", "x-project-name",
           "langsmith-project", "content-encoding")
SECRET = ("authorization", "x-api-key")


class Receiver:
    """Answers every POST with success and keeps path, telling headers and body."""

    def __init__(self, port):
        self.requests, self.others = [], []
        self.lock = threading.Lock()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def do_GET(self):
                receiver.others.append(self.path)
                self.send_response(404)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def whole(self):
                """The body, in chunks or of a length told before."""
                if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                    return self.rfile.read(int(self.headers.get("Content-Length", 0)))
                body = b""
                while size := int(self.rfile.readline(), 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return body

            def do_POST(self):
                body = self.whole()
                match self.headers.get("Content-Encoding"):
                    case "gzip":
                        body = gzip.decompress(body)
                    case "deflate":
                        body = zlib.decompress(body)
                headers = {name: self.headers[name] for name in TELLING if name in self.headers}
                for name in SECRET:
                    if name in self.headers:
                        headers[name] = self.headers[name].split()[0] if " " in self.headers[name] else "given"
                kind = self.headers.get("Content-Type", "")
                with receiver.lock:
                    receiver.requests.append({"path": self.path, "content_type": kind, "headers": headers, "body": body})
                empty = b"{}" if "json" in kind else b""
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(empty)))
                self.end_headers()
                self.wfile.write(empty)

        self.server = Server(("127.0.0.1", port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self):
        """The requests since the last call, logs before traces, else in order of arrival."""
        with self.lock:
            taken, self.requests = self.requests, []
        return sorted(taken, key=lambda r: r["path"])
