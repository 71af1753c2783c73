"""The scenarios with LangChain: a model, a retriever, and its own agent loop."""

from langchain.agents import create_agent
from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.tools import StructuredTool
from langchain_openai import ChatOpenAI

import scenario


class HelpCentre(BaseRetriever):
    """Finds the documents of the scenario, whatever is asked."""

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun):
        return [Document(id=d["id"], page_content=d["content"], metadata={"score": d["score"], "source": d["id"]})
                for d in scenario.DOCUMENTS]


def tools():
    """The tools of the scenario, whose arguments LangChain reads from their schema."""
    def make(name):
        def call(**arguments):
            return scenario.call_tool(name, arguments)
        told = scenario.ALL["tools"][name]
        return StructuredTool.from_function(call, name=name, description=told["description"], args_schema=told["parameters"])
    return [make(name) for name in scenario.THIS.get("tools", [])]


def run(config):
    """Run the scenario that the process was asked for with LangChain's config."""
    more = {"reasoning_effort": "low"} if scenario.NAME == "cached" else {"temperature": 0.2}
    model = ChatOpenAI(model=scenario.MODEL, stream_usage=True, max_retries=2, **more)

    def chat():
        return model.invoke(scenario.messages(), config).content

    def stream():
        return "".join(chunk.content for chunk in model.stream(scenario.messages(), config))

    def rag():
        documents = HelpCentre().invoke(scenario.ASK, config)
        found = [{"id": d.id, "content": d.page_content} for d in documents]
        return model.invoke([{"role": "system", "content": scenario.SYSTEM},
                             {"role": "user", "content": scenario.question_with(found)}], config).content

    def agent():
        # One tool at a time, in the order of the calls: the spans come in one order then.
        loop = create_agent(model, tools(), system_prompt=scenario.SYSTEM, name="help_centre")
        answer = loop.invoke({"messages": [{"role": "user", "content": scenario.ASK}]}, config | {"max_concurrency": 1})
        return answer["messages"][-1].content

    return scenario.run(stream=stream, rag=rag, agent=agent, tools=agent, default=chat)
