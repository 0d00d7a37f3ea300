"""Sends one small trace with the Python OpenTelemetry SDK, and prints the ids of its spans as JSON:
client.py grpc|http ENDPOINT none|gzip"""

import json
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


def main(protocol: str, endpoint: str, compression: str) -> None:
    provider = TracerProvider(
        resource=Resource(
            {"service.name": "python-client", "openinference.project.name": "clients"}
        )
    )
    provider.add_span_processor(BatchSpanProcessor(make_exporter(protocol, endpoint, compression)))
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
    print(json.dumps({"trace_id": f"{context.trace_id:032x}", "span_ids": span_ids}))


if __name__ == "__main__":
    main(*sys.argv[1:])
