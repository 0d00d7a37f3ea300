// SPDX-License-Identifier: Apache-2.0
// Sends one small trace with the JavaScript OpenTelemetry SDK, and prints the ids of its spans as
// JSON.
//
// client.js grpc|http-proto|http-json ENDPOINT none|gzip
//     to the endpoint
// client.js [--stay]
//     configured only by the environment, as an instrumented application; with --stay it then waits
//     for SIGTERM, like a server
'use strict';

const {context, SpanKind, SpanStatusCode, trace} = require('@opentelemetry/api');
const {resourceFromAttributes} = require('@opentelemetry/resources');
const {NodeSDK} = require('@opentelemetry/sdk-node');
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

function startByArguments(protocol, endpoint, compression) {
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({
      'service.name': 'js-client',
      'openinference.project.name': 'clients',
    }),
    spanProcessors: [new BatchSpanProcessor(makeExporter(protocol, endpoint, compression))],
  });
  provider.register();
  return provider;
}

function startByEnvironment() {
  const sdk = new NodeSDK();
  sdk.start();
  return sdk;
}

function makeTrace() {
  const tracer = trace.getTracer('component', '1.0');

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

  return {
    trace_id: root.spanContext().traceId,
    span_ids: [root, child].map((span) => span.spanContext().spanId),
  };
}

function waitForTheEnd() {
  const alive = setInterval(() => {}, 60_000);
  process.once('SIGTERM', () => clearInterval(alive));
}

async function main(...words) {
  const stays = words.length === 1 && words[0] === '--stay';
  const sdk = words.length && !stays ? startByArguments(...words) : startByEnvironment();
  const ids = makeTrace();
  await sdk.shutdown(); // flushes the queue
  console.log(JSON.stringify(ids));
  if (stays) {
    waitForTheEnd();
  }
}

main(...process.argv.slice(2));
