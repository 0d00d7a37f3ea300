# SPDX-License-Identifier: Apache-2.0
"""Sends one small trace with the Python OpenTelemetry SDK, and prints the ids of its spans as JSON.

client.py grpc|http ENDPOINT none|gzip
    to the endpoint
client.py [--stay]
    configured only by the environment, as an instrumented application; with --stay it then
    waits for SIGTERM, like a server
"""

import json
import signal
import sys

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, SpanKind, Status, StatusCode


def make_exporter(protocol: str, endpoint: str, compression: str):
    if protocol == "grpc":
        import grpc
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

        kind = grpc.Compression.Gzip if compression == "gzip" else grpc.Compression.NoCompression
        return OTLPSpanExporter(endpoint=f"http://{endpoint}", insecure=True, compression=kind)
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    kind = Compression.Gzip if compression == "gzip" else Compression.NoCompression
    return OTLPSpanExporter(endpoint=f"http://{endpoint}/v1/traces", compression=kind)


def provider_of_arguments(protocol: str, endpoint: str, compression: str) -> TracerProvider:
    provider = TracerProvider(
        resource=Resource(
            {"service.name": "python-client", "openinference.project.name": "clients"}
        )
    )
    provider.add_span_processor(BatchSpanProcessor(make_exporter(protocol, endpoint, compression)))
    return provider


def provider_of_environment() -> TracerProvider:
    """Configures the SDK with opentelemetry-distro, as `opentelemetry-instrument` does."""
    from opentelemetry.instrumentation.auto_instrumentation import initialize

    initialize(swallow_exceptions=False)
    return trace.get_tracer_provider()


def send_trace(provider: TracerProvider) -> dict:
    """Returns the ids after the trace was sent."""
    tracer = provider.get_tracer("component", "1.0", schema_url="https://example.com/schema")

    root = tracer.start_span("root", kind=SpanKind.SERVER)
    child = tracer.start_span(
        "child",
        context=trace.set_span_in_context(root),
        attributes={
            "text": "grüße",
            "large": 1 << 62,
            "ratio": 0.25,
            "flag": True,
            "words": ["a", "b"],
        },
        links=[Link(root.get_span_context(), {"why": "test"})],
    )
    child.add_event("event", {"n": 1})
    child.set_status(Status(StatusCode.ERROR, "it failed"))
    child.end()
    root.end()
    provider.shutdown()

    context = root.get_span_context()
    span_ids = [f"{span.get_span_context().span_id:016x}" for span in (root, child)]
    return {"trace_id": f"{context.trace_id:032x}", "span_ids": span_ids}


def main(*arguments: str) -> None:
    stays = arguments == ("--stay",)
    if stays:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    told = arguments and not stays
    provider = provider_of_arguments(*arguments) if told else provider_of_environment()
    print(json.dumps(send_trace(provider)))
    if stays:
        signal.sigwait({signal.SIGTERM})


if __name__ == "__main__":
    main(*sys.argv[1:])
