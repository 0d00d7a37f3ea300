// SPDX-License-Identifier: Apache-2.0
// Sends one small trace with the Java OpenTelemetry SDK, and prints the ids of its spans as JSON.
//
// java Client grpc|http HOST:PORT none|gzip
//     to the endpoint
// java Client [--stay]
//     as an application that leaves all this to the environment; with --stay it then runs until it
//     is ended, as a server would

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.exporter.otlp.trace.OtlpGrpcSpanExporter;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.util.List;
import java.util.concurrent.CountDownLatch;

public final class Client {
  private static SpanExporter exporter(String protocol, String endpoint, String compression) {
    switch (protocol) {
      case "grpc":
        return OtlpGrpcSpanExporter.builder()
            .setEndpoint("http://" + endpoint)
            .setCompression(compression)
            .build();
      case "http":
        return OtlpHttpSpanExporter.builder()
            .setEndpoint("http://" + endpoint + "/v1/traces")
            .setCompression(compression)
            .build();
      default:
        throw new IllegalArgumentException("protocol " + protocol + ": want grpc or http");
    }
  }

  private static Span child(Tracer tracer, Span root) {
    Span child =
        tracer
            .spanBuilder("child")
            .setParent(Context.root().with(root))
            .setAttribute("text", "grüße")
            .setAttribute("large", 1L << 62)
            .setAttribute("ratio", 0.25)
            .setAttribute("flag", true)
            .setAttribute(AttributeKey.stringArrayKey("words"), List.of("a", "b"))
            .addLink(root.getSpanContext())
            .startSpan();
    child.addEvent("event", Attributes.of(AttributeKey.longKey("n"), 1L));
    child.setStatus(StatusCode.ERROR, "it failed");
    child.end();
    return child;
  }

  private static SdkTracerProvider providerOfArguments(String[] arguments) {
    Resource resource =
        Resource.create(
            Attributes.of(
                AttributeKey.stringKey("service.name"), "java-client",
                AttributeKey.stringKey("openinference.project.name"), "clients"));
    SpanExporter exporter = exporter(arguments[0], arguments[1], arguments[2]);
    return SdkTracerProvider.builder()
        .setResource(resource)
        .addSpanProcessor(BatchSpanProcessor.builder(exporter).build())
        .build();
  }

  private static SdkTracerProvider providerOfEnvironment() {
    return AutoConfiguredOpenTelemetrySdk.initialize()
        .getOpenTelemetrySdk()
        .getSdkTracerProvider();
  }

  public static void main(String[] arguments) throws InterruptedException {
    boolean stays = arguments.length == 1 && arguments[0].equals("--stay");
    if (arguments.length != 3 && arguments.length != 0 && !stays) {
      throw new IllegalArgumentException(
          "usage: Client grpc|http HOST:PORT none|gzip, or Client [--stay]");
    }
    String ids;
    try (SdkTracerProvider provider =
        arguments.length == 3 ? providerOfArguments(arguments) : providerOfEnvironment()) {
      Tracer tracer = provider.get("component", "1.0");
      Span root = tracer.spanBuilder("root").setSpanKind(SpanKind.SERVER).startSpan();
      Span child = child(tracer, root);
      root.end();
      SpanContext context = root.getSpanContext();
      ids =
          String.format(
              "{\"trace_id\": \"%s\", \"span_ids\": [\"%s\", \"%s\"]}",
              context.getTraceId(), context.getSpanId(), child.getSpanContext().getSpanId());
    } // close() sends what waits
    System.out.println(ids);
    if (stays) {
      new CountDownLatch(1).await();
    }
  }
}
