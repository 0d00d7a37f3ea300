// Sends one small trace through dualtrace with the Go OpenTelemetry SDK, and prints the ids of its
// spans as JSON. Used by the component tests: client grpc|http ENDPOINT none|gzip
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

type sent struct {
	TraceID string   `json:"trace_id"`
	SpanIDs []string `json:"span_ids"`
}

func exporter(ctx context.Context, protocol, endpoint, compression string) (*otlptrace.Exporter, error) {
	switch protocol {
	case "grpc":
		options := []otlptracegrpc.Option{otlptracegrpc.WithEndpoint(endpoint), otlptracegrpc.WithInsecure()}
		if compression == "gzip" {
			options = append(options, otlptracegrpc.WithCompressor("gzip"))
		}
		return otlptracegrpc.New(ctx, options...)
	case "http":
		options := []otlptracehttp.Option{otlptracehttp.WithEndpoint(endpoint), otlptracehttp.WithInsecure()}
		if compression == "gzip" {
			options = append(options, otlptracehttp.WithCompression(otlptracehttp.GzipCompression))
		}
		return otlptracehttp.New(ctx, options...)
	}
	return nil, fmt.Errorf("protocol %q: want grpc or http", protocol)
}

func run(protocol, endpoint, compression string) (sent, error) {
	ctx := context.Background()
	out, err := exporter(ctx, protocol, endpoint, compression)
	if err != nil {
		return sent{}, err
	}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(out),
		sdktrace.WithResource(resource.NewSchemaless(
			attribute.String("service.name", "go-client"),
			attribute.String("openinference.project.name", "clients"))))
	tracer := provider.Tracer("component", trace.WithInstrumentationVersion("1.0"))

	rootContext, root := tracer.Start(ctx, "root", trace.WithSpanKind(trace.SpanKindServer))
	_, child := tracer.Start(rootContext, "child", trace.WithAttributes(
		attribute.String("text", "grüße"),
		attribute.Int64("large", 1<<62),
		attribute.Float64("ratio", 0.25),
		attribute.Bool("flag", true),
		attribute.StringSlice("words", []string{"a", "b"})))
	child.AddEvent("event", trace.WithAttributes(attribute.Int("n", 1)))
	child.AddLink(trace.LinkFromContext(rootContext))
	child.SetStatus(codes.Error, "it failed")
	child.End()
	root.End()

	ids := sent{
		TraceID: root.SpanContext().TraceID().String(),
		SpanIDs: []string{root.SpanContext().SpanID().String(), child.SpanContext().SpanID().String()},
	}
	return ids, provider.Shutdown(ctx)
}

func main() {
	if len(os.Args) != 4 {
		log.Fatal("usage: client grpc|http ENDPOINT none|gzip")
	}
	ids, err := run(os.Args[1], os.Args[2], os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(ids); err != nil {
		log.Fatal(err)
	}
}
