// SPDX-License-Identifier: Apache-2.0
// Sends one small trace with the Go OpenTelemetry SDK, and prints the ids of its spans as JSON.
//
//	client grpc|http ENDPOINT none|gzip
//		to the endpoint
//	client [--stay]
//		as an application that leaves all this to the environment; with --stay it then waits for
//		SIGTERM, as a server would
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"

	"go.opentelemetry.io/contrib/exporters/autoexport"
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

func providerOfArguments(ctx context.Context, protocol, endpoint, compression string) (*sdktrace.TracerProvider, error) {
	out, err := exporter(ctx, protocol, endpoint, compression)
	if err != nil {
		return nil, err
	}
	return sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(out),
		sdktrace.WithResource(resource.NewSchemaless(
			attribute.String("service.name", "go-client"),
			attribute.String("openinference.project.name", "clients")))), nil
}

// The SDK itself reads the resource's variables, but none that would choose an exporter.
func providerOfEnvironment(ctx context.Context) (*sdktrace.TracerProvider, error) {
	out, err := autoexport.NewSpanExporter(ctx)
	if err != nil {
		return nil, err
	}
	return sdktrace.NewTracerProvider(sdktrace.WithBatcher(out)), nil
}

// Returns its ids, once it is sent.
func sendTrace(ctx context.Context, provider *sdktrace.TracerProvider) (sent, error) {
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

func run(ctx context.Context, arguments []string) error {
	stays := len(arguments) == 1 && arguments[0] == "--stay"
	var provider *sdktrace.TracerProvider
	var err error
	switch {
	case len(arguments) == 3:
		provider, err = providerOfArguments(ctx, arguments[0], arguments[1], arguments[2])
	case len(arguments) == 0 || stays:
		provider, err = providerOfEnvironment(ctx)
	default:
		err = errors.New("usage: client grpc|http ENDPOINT none|gzip, or client [--stay]")
	}
	if err != nil {
		return err
	}
	ids, err := sendTrace(ctx, provider)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(ids); err != nil {
		return err
	}
	if stays {
		<-ctx.Done()
	}
	return nil
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}
