-- SPDX-License-Identifier: Apache-2.0
-- Is what dualtrace sent in Databricks? Put your table and a trace's id (32 hex digits in lower case, as
-- Arize shows it) into the first two statements and run the file in a SQL editor or a notebook: each
-- statement after them answers the question above it.
-- An attribute's name has dots in it, so it is read as attributes:['name'], with the brackets.

DECLARE OR REPLACE VARIABLE spans_table STRING DEFAULT 'main.traces.agents_otel_spans';

DECLARE OR REPLACE VARIABLE the_trace STRING DEFAULT '00000000000000000000000000000000';

-- Do spans arrive, from which services, and how fresh are they?
SELECT service_name, count(*) AS spans, count(DISTINCT trace_id) AS traces, max(time) AS newest
FROM IDENTIFIER(spans_table)
WHERE date >= current_date() - 1
GROUP BY service_name
ORDER BY service_name;

-- Is this trace here with all its spans, and under the right parents?
SELECT span_id, parent_span_id, name,
       attributes:['openinference.span.kind']::string AS kind,
       (end_time_unix_nano - start_time_unix_nano) / 1e6 AS milliseconds
FROM IDENTIFIER(spans_table)
WHERE trace_id = the_trace
ORDER BY start_time_unix_nano, span_id;

-- Does a span of this trace name a parent that is missing? (none should)
SELECT child.span_id, child.name, child.parent_span_id
FROM IDENTIFIER(spans_table) AS child
LEFT ANTI JOIN IDENTIFIER(spans_table) AS parent
  ON parent.trace_id = child.trace_id AND parent.span_id = child.parent_span_id
WHERE child.trace_id = the_trace AND child.parent_span_id <> '';

-- Which Arize project and which conversation does this trace belong to?
SELECT DISTINCT service_name,
       resource.attributes:['openinference.project.name']::string AS project,
       attributes:['session.id']::string AS session,
       attributes:['user.id']::string AS user
FROM IDENTIFIER(spans_table)
WHERE trace_id = the_trace;

-- What did the model's calls in this trace use?
SELECT attributes:['llm.model_name']::string AS model,
       count(*) AS calls,
       sum(attributes:['llm.token_count.prompt']::bigint) AS prompt_tokens,
       sum(attributes:['llm.token_count.completion']::bigint) AS completion_tokens,
       sum(attributes:['llm.token_count.total']::bigint) AS total_tokens
FROM IDENTIFIER(spans_table)
WHERE trace_id = the_trace AND attributes:['openinference.span.kind']::string = 'LLM'
GROUP BY ALL
ORDER BY model;

-- Which spans of the last day failed?
SELECT time, service_name, trace_id, span_id, name, status.message
FROM IDENTIFIER(spans_table)
WHERE date >= current_date() - 1 AND status.code = 'STATUS_CODE_ERROR'
ORDER BY time DESC
LIMIT 20;

-- Did a span arrive more than once? (rare: only after a request whose answer was lost)
SELECT trace_id, span_id, count(*) AS copies
FROM IDENTIFIER(spans_table)
WHERE date >= current_date() - 1
GROUP BY trace_id, span_id
HAVING count(*) > 1
ORDER BY copies DESC
LIMIT 20;

-- This trace with each span once, whatever arrived twice: the form for a view.
SELECT trace_id, span_id, name
FROM IDENTIFIER(spans_table)
WHERE trace_id = the_trace
QUALIFY row_number() OVER (PARTITION BY trace_id, span_id ORDER BY record_id) = 1
ORDER BY start_time_unix_nano, span_id;
