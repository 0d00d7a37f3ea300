-- SPDX-License-Identifier: Apache-2.0
-- The table for dualtrace's spans on Databricks: Unity Catalog's OpenTelemetry spans, schema version 2.
-- Put your own name in, and run it once in a SQL warehouse, in a catalog with storage of its own (default
-- storage is refused with error 4024). Databricks never adds or changes columns by itself, and refuses
-- spans for a table that lacks one.
-- Then grant the service principal whose token the agent has exactly this; ALL PRIVILEGES, or grants on
-- the schema alone, are not enough:
--   GRANT USE CATALOG ON CATALOG … TO …;  GRANT USE SCHEMA ON SCHEMA … TO …;
--   GRANT SELECT, MODIFY ON TABLE … TO …;

CREATE TABLE main.traces.agents_otel_spans (
  record_id STRING,
  time TIMESTAMP,
  date DATE,
  service_name STRING,
  trace_id STRING,
  span_id STRING,
  trace_state STRING,
  parent_span_id STRING,
  flags INT,
  name STRING,
  kind STRING,
  start_time_unix_nano LONG,
  end_time_unix_nano LONG,
  attributes VARIANT,
  dropped_attributes_count INT,
  events ARRAY<STRUCT<
    time_unix_nano: LONG,
    name: STRING,
    attributes: VARIANT,
    dropped_attributes_count: INT>>,
  dropped_events_count INT,
  links ARRAY<STRUCT<
    trace_id: STRING,
    span_id: STRING,
    trace_state: STRING,
    attributes: VARIANT,
    dropped_attributes_count: INT,
    flags: INT>>,
  dropped_links_count INT,
  status STRUCT<message: STRING, code: STRING>,
  resource STRUCT<attributes: VARIANT, dropped_attributes_count: INT>,
  resource_schema_url STRING,
  instrumentation_scope STRUCT<
    name: STRING,
    version: STRING,
    attributes: VARIANT,
    dropped_attributes_count: INT>,
  span_schema_url STRING)
USING DELTA
CLUSTER BY (time, service_name, trace_id)
TBLPROPERTIES ('otel.schemaVersion' = 'v2');
