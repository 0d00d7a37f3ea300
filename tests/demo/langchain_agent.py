# SPDX-License-Identifier: Apache-2.0
"""The demo's application: a LangChain agent that does not know dualtrace.

It is instrumented with OpenInference and exports with the real arize-otel SDK, which reads the
collector's address from ARIZE_COLLECTOR_ENDPOINT, and ARIZE_SPACE_ID, ARIZE_API_KEY and
ARIZE_PROJECT_NAME. The chat model plays a script, so neither a network nor a key is needed. All the
rest (the agent's loop, the tool, the callbacks that create the spans) is real LangChain.

Prints one JSON line: the id of its trace, and its spans as the SDK passed them to the exporter.
With --stay it then waits for SIGTERM, like a server.
"""

import json
import signal
import sys

from arize.otel import register
from langchain.agents import create_agent
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_core.tools import tool
from openinference.instrumentation import using_attributes
from openinference.instrumentation.langchain import LangChainInstrumentor
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult

QUESTION = "Can my order 1042 still arrive before the weekend?"


@tool
def track_order(order_id: str) -> str:
    """Where an order is and when it will arrive."""
    return json.dumps({"order": order_id, "state": "in transit", "arrives": "Friday"})


class ScriptedChatModel(GenericFakeChatModel):
    """Answers from a script, and reports that it can call tools, as a real chat model does."""

    def bind_tools(self, tools, **options):
        return self

    @property
    def _identifying_params(self) -> dict:
        return {"model_name": "scripted-1"}


def scripted_answers():
    """First calls the tool, then gives the answer that uses its result."""
    call = {
        "name": "track_order",
        "args": {"order_id": "1042"},
        "id": "call_1",
        "type": "tool_call",
    }
    yield AIMessage(
        content="",
        tool_calls=[call],
        usage_metadata={"input_tokens": 91, "output_tokens": 18, "total_tokens": 109},
    )
    yield AIMessage(
        content="Yes: order 1042 is in transit and arrives on Friday.",
        usage_metadata={"input_tokens": 128, "output_tokens": 15, "total_tokens": 143},
    )


class Notebook(SpanExporter):
    """Records what the application created, for comparison with what arrives."""

    def __init__(self):
        self.spans = []

    def export(self, spans):
        self.spans.extend(spans)
        return SpanExportResult.SUCCESS


def noted(span) -> dict:
    """A span of the SDK, as plain JSON."""
    return {
        "trace_id": f"{span.context.trace_id:032x}",
        "span_id": f"{span.context.span_id:016x}",
        "parent_span_id": f"{span.parent.span_id:016x}" if span.parent else "",
        "name": span.name,
        "attributes": {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in (span.attributes or {}).items()
        },
    }


def main() -> int:
    if "--stay" in sys.argv:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    notebook = Notebook()
    provider = register(
        verbose=False,
        set_global_tracer_provider=False,
        span_processors=[SimpleSpanProcessor(notebook)],
    )
    LangChainInstrumentor().instrument(tracer_provider=provider)

    agent = create_agent(
        ScriptedChatModel(messages=scripted_answers()),
        [track_order],
        system_prompt="You are the support agent of a shop. Look up orders before you answer.",
        name="support_agent",
    )
    with using_attributes(session_id="chat-77", user_id="customer-5"):
        answer = agent.invoke({"messages": [("user", QUESTION)]})
    provider.shutdown()

    trace = {
        "question": QUESTION,
        "answer": answer["messages"][-1].content,
        "trace_id": noted(notebook.spans[0])["trace_id"],
        "spans": [noted(span) for span in notebook.spans],
    }
    print(json.dumps(trace))
    if "--stay" in sys.argv:
        signal.sigwait({signal.SIGTERM})
    return 0


if __name__ == "__main__":
    sys.exit(main())
