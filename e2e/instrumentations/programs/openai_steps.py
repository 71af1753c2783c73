"""The scenarios with OpenAI's own package; the instrumentation is the caller's.

`around` lets a program open its own spans (a decorator for tools, retrieval
and the whole): those that instrument only the client leave it as it is.
"""

import json

import openai

import scenario


def plain(kind, name, function):
    """Opens no span."""
    return function


class Steps:
    """One object a process: `around(kind, name, function)` wraps what it names.

    kind is tool, retriever, agent or chain.
    """

    def __init__(self, around=plain, client=openai.OpenAI, extra=None):
        self.client = client(max_retries=2)
        self.around = around
        self.extra = extra or {}

    def complete(self, messages, **more):
        return self.client.chat.completions.create(model=scenario.MODEL, messages=messages, **more, **self.extra)

    def chat(self):
        return self.complete(scenario.messages(), temperature=0.2, max_completion_tokens=200).choices[0].message.content

    def cached(self):
        return self.complete(scenario.messages(), reasoning_effort="low").choices[0].message.content

    def stream(self):
        text = ""
        for chunk in self.complete(scenario.messages(), stream=True, stream_options={"include_usage": True}):
            if chunk.choices:
                text += chunk.choices[0].delta.content or ""
        return text

    def retrieve(self, question):
        """Embeds the question as a vector search would; what it finds is fixed."""
        self.client.embeddings.create(model=scenario.EMBEDDING_MODEL, input=question)
        return scenario.DOCUMENTS

    def rag(self):
        documents = self.around("retriever", "search_help", self.retrieve)(scenario.ASK)
        messages = [{"role": "system", "content": scenario.SYSTEM},
                    {"role": "user", "content": scenario.question_with(documents)}]
        return self.complete(messages).choices[0].message.content

    def agent(self):
        """Calls the model and the tools that it asks for until it answers."""
        messages = scenario.messages()
        while True:
            message = self.complete(messages, tools=scenario.tools()).choices[0].message
            if not message.tool_calls:
                return message.content
            messages.append({"role": "assistant", "content": message.content, "tool_calls": [
                {"id": c.id, "type": "function", "function": {"name": c.function.name, "arguments": c.function.arguments}}
                for c in message.tool_calls]})
            for call in message.tool_calls:
                def tool(_name=call.function.name, **arguments):
                    return scenario.call_tool(_name, arguments)
                tool = self.around("tool", call.function.name, tool)
                result = tool(**json.loads(call.function.arguments))
                messages.append({"role": "tool", "tool_call_id": call.id, "content": result})

    def run(self):
        """Run the scenario that the process was asked for, inside one outer span."""
        kind = "agent" if scenario.NAME in ("agent", "tools") else "chain"
        steps = {"cached": self.cached, "stream": self.stream, "rag": self.rag, "agent": self.agent, "tools": self.agent}
        step = self.around(kind, "help_centre", steps.get(scenario.NAME, self.chat))
        return scenario.run(default=step)
