"""Pydantic Logfire: one span, sent where its variables say."""

import logfire

logfire.configure(console=False, metrics=False)
with logfire.span("chat"):
    pass
logfire.shutdown()
