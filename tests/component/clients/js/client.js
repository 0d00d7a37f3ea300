// Sends one small trace with the JavaScript OpenTelemetry SDK, and prints the ids of its spans as
// JSON: client.js grpc|http-proto|http-json ENDPOINT none|gzip
'use strict';

const {context, SpanKind, SpanStatusCode, trace} = require('@opentelemetry/api');
const {resourceFromAttributes} = require('@opentelemetry/resources');
const {BatchSpanProcessor, NodeTracerProvider} = require('@opentelemetry/sdk-trace-node');

function makeExporter(protocol, endpoint, compression) {
  if (protocol === 'grpc') {
    const {OTLPTraceExporter} = require('@opentelemetry/exporter-trace-otlp-grpc');
    return new OTLPTraceExporter({url: `http://${endpoint}`, compression});
  }
  const exporterPackage = protocol === 'http-json' ? 'http' : 'proto';
  const {OTLPTraceExporter} = require(`@opentelemetry/exporter-trace-otlp-${exporterPackage}`);
  return new OTLPTraceExporter({url: `http://${endpoint}/v1/traces`, compression});
}

async function main(protocol, endpoint, compression) {
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({
      'service.name': 'js-client',
      'openinference.project.name': 'clients',
    }),
    spanProcessors: [new BatchSpanProcessor(makeExporter(protocol, endpoint, compression))],
  });
  const tracer = provider.getTracer('component', '1.0');

  const root = tracer.startSpan('root', {kind: SpanKind.SERVER});
  const child = tracer.startSpan(
      'child', {
        attributes: {text: 'grüße', large: 2 ** 52, ratio: 0.25, flag: true, words: ['a', 'b']},
        links: [{context: root.spanContext(), attributes: {why: 'test'}}],
      },
      trace.setSpan(context.active(), root));
  child.addEvent('event', {n: 1});
  child.setStatus({code: SpanStatusCode.ERROR, message: 'it failed'});
  child.end();
  root.end();
  await provider.shutdown();

  console.log(JSON.stringify({
    trace_id: root.spanContext().traceId,
    span_ids: [root, child].map((span) => span.spanContext().spanId),
  }));
}

main(...process.argv.slice(2));
