"""The scenarios, as every Python program here sees them; no package is needed.

A program is called with the name of one scenario, does with its SDK what
scenarios.json says, and sends its telemetry before it ends. Only `error` may
fail, and a program swallows that: the instrumentation has seen it by then.
"""

import json
import pathlib
import sys

ALL = json.loads((pathlib.Path(__file__).resolve().parent.parent / "scenarios.json").read_text())
NAME = sys.argv[1] if len(sys.argv) > 1 else ""
THIS = ALL["scenarios"].get(NAME, {})

SYSTEM, SESSION, USER, TAGS = ALL["system"], ALL["session"], ALL["user"], ALL["tags"]
MODEL, ASK = THIS.get("model"), THIS.get("ask")
EMBEDDING_MODEL = ALL["embedding_model"]
DOCUMENTS = [{k: v for k, v in d.items() if k != "vector"} for d in ALL["documents"]]


def messages():
    """The first messages of the scenario, in OpenAI's form."""
    return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": ASK}]


def tools():
    """The tools of the scenario, in OpenAI's form."""
    return [{"type": "function", "function": {"name": name, "description": ALL["tools"][name]["description"],
                                              "parameters": ALL["tools"][name]["parameters"]}}
            for name in THIS.get("tools", [])]


def call_tool(name, arguments):
    """What a tool answers, as JSON text."""
    [argument] = arguments.values()
    return json.dumps(ALL["tools"][name]["results"][argument])


def question_with(documents):
    """The user message of the rag scenario: the chunks and the question."""
    chunks = "\n".join(f"[{d['id']}] {d['content']}" for d in documents)
    return f"{chunks}\n\n{ASK}"


def run(**steps):
    """Call the step for this scenario; a refused key is swallowed."""
    step = steps.get(NAME) or steps["default"]
    try:
        return step()
    except Exception as e:
        if NAME != "error" or "401" not in str(e):
            raise
