"""One captured scenario as files: written, scrubbed, and compared.

A fixture is what was sent, byte for byte, but for one thing: paths, the name
of the machine and process ids are replaced (see `scrub`), since a fixture must
not tell where it was made. `comparable` is what must be the same when it is
captured again: all but ids, times and stack traces.
"""

import json
import re
import socket

from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


def message_for(path):
    return ExportLogsServiceRequest() if path.endswith("/logs") else ExportTraceServiceRequest()


def each_string(message, change):
    """Replace every string in a protobuf message by change(string)."""
    for field, value in message.ListFields():
        if field.type == field.TYPE_STRING:
            if field.is_repeated:
                value[:] = [change(v) for v in value]
            else:
                setattr(message, field.name, change(value))
        elif field.type == field.TYPE_MESSAGE:
            for inner in value if field.is_repeated else [value]:
                each_string(inner, change)


def scrub(path, body, places):
    """The body with every place (a folder) and this machine's name replaced.

    A body that holds none of them stays as it is, to the byte.
    """
    renames = [(str(place), name) for place, name in places] + [(socket.gethostname(), "host")]
    if not any(old.encode() in body for old, _ in renames):
        return body

    def change(text):
        for old, new in renames:
            text = text.replace(old, new)
        return text
    if body.lstrip().startswith(b"{"):
        return change(body.decode()).encode()
    message = message_for(path)
    message.ParseFromString(body)
    each_string(message, change)
    return message.SerializeToString(deterministic=True)


def suffix(request):
    return "json" if "json" in request["content_type"] else "pb"


def files(requests, wire, meta, places):
    """A fixture's files by name."""
    out, told = {}, []
    for i, request in enumerate(requests, 1):
        name = f"otlp-{i:03}.{suffix(request)}"
        out[name] = scrub(request["path"], request["body"], places)
        told.append({"file": name, **{k: request[k] for k in ("path", "content_type", "headers")}})
    out["meta.json"] = pretty(meta | {"requests": told})
    out["wire.json"] = pretty(wire)
    return out


def pretty(value):
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()


VOLATILE_KEY = re.compile(r"stacktrace|time_to_first|time_per|msTo|TokensPerSecond|completion_start_time|duration|latency|process\.pid"
                          r"|timestamp|dotted_order", re.IGNORECASE)
VOLATILE_TEXT = [
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "UUID"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.\d]*(Z|[+-]\d\d:\d\d)?"), "TIME"),
    (re.compile(r"\b(ai|msg)[a-z]*-[A-Za-z0-9]{16,24}\b"), "AI-ID"),
    (re.compile(r"\b[0-9a-f]{32}\b|\b[0-9a-f]{16}\b"), "HEX"),
    (re.compile(r"0x[0-9a-f]{6,}"), "ADDRESS"),
]


def comparable(files):
    """Every span and log record of a fixture, without ids and times, sorted."""
    meta, spans = json.loads(files["meta.json"]), []
    for request in meta["requests"]:
        body = files[request["file"]]
        if request["file"].endswith(".json"):
            batch = json.loads(body)
        else:
            message = message_for(request["path"])
            message.ParseFromString(body)
            batch = json_format.MessageToDict(message)
        for group in batch.get("resourceSpans", []) + batch.get("resourceLogs", []):
            resource = group.get("resource", {})
            for scope in group.get("scopeSpans", []) + group.get("scopeLogs", []):
                for span in scope.get("spans", []) + scope.get("logRecords", []):
                    spans.append({"path": request["path"], "resource": resource, "scope": scope.get("scope"), **span})
    names = {s["spanId"]: s for s in spans if s.get("name")}
    lines = []
    for span in spans:
        own = {k: v for k, v in span.items() if not k.endswith("UnixNano") and k not in ("spanId", "traceId", "parentSpanId")}
        way, at = [], span if span.get("name") else names.get(span.get("spanId"))
        while at:
            way.insert(0, at["name"])
            at = names.get(at.get("parentSpanId"))
        lines.append(json.dumps([way, steady(own)], sort_keys=True, ensure_ascii=False))
    return sorted(lines)


def steady(value):
    """A value without what changes from run to run."""
    if isinstance(value, list):
        steadied = [steady(v) for v in value]
        if value and all(isinstance(v, dict) and "key" in v for v in value):
            # Attributes: LangSmith's order depends on which thread was first.
            steadied.sort(key=lambda v: json.dumps(v, sort_keys=True))
        return steadied
    if isinstance(value, dict):
        if VOLATILE_KEY.search(str(value.get("key", ""))):
            return {"key": value["key"]}
        return {k: steady(v) for k, v in value.items() if not k.endswith("UnixNano")}
    if isinstance(value, str):
        for pattern, word in VOLATILE_TEXT:
            value = pattern.sub(word, value)
    return value
