"""What went over the wire between an SDK and the upstream: the truth of a test.

A proxy in front of `assay script serve` that hands bytes on as they come and
keeps every exchange. It answers embeddings itself, since a script does not.
"""

import base64
import http.client
import http.server
import json
import struct
import threading

VECTOR = [0.5, 0.25, -0.125, 1.0]


class Server(http.server.ThreadingHTTPServer):
    """Says nothing of a client that went away."""

    def handle_error(self, request, client_address):
        pass


class Recorder:
    """Listens on a fixed port, because spans name it; `upstream` is (host, port)."""

    def __init__(self, port):
        self.exchanges, self.upstream = [], None
        self.lock = threading.Lock()
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def version_string(self):  # some SDKs put the reply's headers into their spans
                return "upstream"

            def date_time_string(self, timestamp=None):
                return "Thu, 01 Jan 2026 00:00:00 GMT"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                with recorder.lock:
                    exchange = {}
                    recorder.exchanges.append(exchange)
                if self.path.endswith("/embeddings"):
                    status, reply = 200, embeddings(json.loads(body))
                    self.send_response(status)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(reply)))
                    self.end_headers()
                    self.wfile.write(reply)
                else:
                    status, reply = self.relay(body)
                exchange.update(describe(self.path, body, status, reply))

            def relay(self, body):
                upstream = http.client.HTTPConnection(*recorder.upstream)
                upstream.request("POST", self.path, body, {"Content-Type": "application/json"})
                answer = upstream.getresponse()
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("transfer-encoding", "content-length", "connection", "date"):
                        self.send_header(name, value)
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                reply = b""
                while piece := answer.read1(1 << 16):
                    reply += piece
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                self.wfile.write(b"0\r\n\r\n")
                upstream.close()
                return answer.status, reply

        self.server = Server(("127.0.0.1", port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self):
        """The exchanges since the last call, in the order in which they began."""
        with self.lock:
            taken, self.exchanges = self.exchanges, []
        return taken


def embeddings(request):
    """A fixed vector for each input, in the encoding that was asked for."""
    inputs = request["input"] if isinstance(request["input"], list) else [request["input"]]
    vector = VECTOR
    if request.get("encoding_format") == "base64":
        vector = base64.b64encode(struct.pack(f"<{len(VECTOR)}f", *VECTOR)).decode()
    tokens = sum(len(str(i).split()) for i in inputs)
    return json.dumps({
        "object": "list", "model": request["model"],
        "data": [{"object": "embedding", "index": i, "embedding": vector} for i in range(len(inputs))],
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }).encode()


def describe(path, body, status, reply):
    """One exchange in plain words, from the bytes of both directions."""
    request = json.loads(body)
    told = {
        "operation": "embeddings" if path.endswith("/embeddings") else "chat",
        "status": status, "stream": bool(request.get("stream")), "model": request["model"],
    }
    if told["operation"] == "embeddings":
        told["input"] = request["input"]
    else:
        told["messages"] = request["messages"]
        told["tools"] = request.get("tools", [])
        told["params"] = {k: v for k, v in request.items()
                          if k not in ("model", "messages", "tools", "stream", "stream_options")}
    answer = assemble(reply) if told["stream"] and status == 200 else json.loads(reply)
    if status != 200:
        return told | {"error": answer["error"]}
    told["response_model"], told["response_id"] = answer["model"], answer.get("id")
    if told["operation"] == "chat":
        [choice] = answer["choices"]
        told["output"] = {k: v for k, v in choice["message"].items() if v is not None}
        told["finish_reason"] = choice["finish_reason"]
    if usage := answer.get("usage"):
        told["usage"] = {
            "input": usage["prompt_tokens"], "output": usage.get("completion_tokens", 0),
            "cached": usage.get("prompt_tokens_details", {}).get("cached_tokens", 0),
            "reasoning": usage.get("completion_tokens_details", {}).get("reasoning_tokens", 0),
        }
    return told


def assemble(stream):
    """The whole completion that the chunks of a stream amount to."""
    whole = {"choices": [{"message": {"role": "assistant", "content": None}, "finish_reason": None}]}
    choice = whole["choices"][0]
    message = choice["message"]
    for line in stream.decode().split("\n"):
        if not line.startswith("data: {"):
            continue
        chunk = json.loads(line.removeprefix("data: "))
        whole["id"], whole["model"] = chunk["id"], chunk["model"]
        whole["usage"] = chunk.get("usage") or whole.get("usage")
        for part in chunk["choices"]:
            choice["finish_reason"] = part["finish_reason"] or choice["finish_reason"]
            if text := part["delta"].get("content"):
                message["content"] = (message["content"] or "") + text
            for call in part["delta"].get("tool_calls", []):
                calls = message.setdefault("tool_calls", [])
                if call["index"] == len(calls):
                    calls.append({"id": call["id"], "type": "function",
                                  "function": {"name": call["function"]["name"], "arguments": ""}})
                calls[call["index"]]["function"]["arguments"] += call["function"]["arguments"]
    return whole
