-- SPDX-License-Identifier: Apache-2.0
-- The questions of docs/verify.sql for the sandbox: SQLite has no VARIANT and no QUALIFY, so that each is
-- put in its words here. `databricks` is the view of what the Databricks lane delivered.

-- Do spans arrive, from which services, and how fresh are they?
SELECT service_name, count(*) AS spans, count(DISTINCT trace_id) AS traces, max(time) AS newest
FROM databricks
WHERE date >= date('now', '-1 day')
GROUP BY service_name
ORDER BY service_name;

-- Is this trace here with all its spans, and under the right parents?
SELECT span_id, parent_span_id, name,
       attributes ->> '$."openinference.span.kind"' AS kind,
       (end_time_unix_nano - start_time_unix_nano) / 1e6 AS milliseconds
FROM databricks
WHERE trace_id = :the_trace
ORDER BY start_time_unix_nano, span_id;

-- Does a span of this trace name a parent that is missing? (none should)
SELECT span_id, name, parent_span_id
FROM databricks
WHERE trace_id = :the_trace AND parent_span_id <> '' AND parent_span_id NOT IN (
  SELECT span_id FROM databricks WHERE trace_id = :the_trace);

-- Which Arize project and which conversation does this trace belong to?
SELECT DISTINCT service_name,
       resource ->> '$.attributes."openinference.project.name"' AS project,
       attributes ->> '$."session.id"' AS session,
       attributes ->> '$."user.id"' AS user
FROM databricks
WHERE trace_id = :the_trace;

-- What did the model's calls in this trace use?
SELECT attributes ->> '$."llm.model_name"' AS model,
       count(*) AS calls,
       sum(attributes ->> '$."llm.token_count.prompt"') AS prompt_tokens,
       sum(attributes ->> '$."llm.token_count.completion"') AS completion_tokens,
       sum(attributes ->> '$."llm.token_count.total"') AS total_tokens
FROM databricks
WHERE trace_id = :the_trace AND attributes ->> '$."openinference.span.kind"' = 'LLM'
GROUP BY model
ORDER BY model;

-- Which spans of the last day failed?
SELECT time, service_name, trace_id, span_id, name, status ->> '$.message' AS message
FROM databricks
WHERE date >= date('now', '-1 day') AND status ->> '$.code' = 'STATUS_CODE_ERROR'
ORDER BY time DESC
LIMIT 20;

-- Did a span arrive more than once? (rare: only after a request whose answer was lost)
SELECT trace_id, span_id, count(*) AS copies
FROM databricks
WHERE date >= date('now', '-1 day')
GROUP BY trace_id, span_id
HAVING count(*) > 1
ORDER BY copies DESC
LIMIT 20;

-- This trace with each span once, whatever arrived twice: the form for a view.
SELECT trace_id, span_id, name
FROM (SELECT *, row_number() OVER (PARTITION BY trace_id, span_id ORDER BY record_id) AS copy_number
      FROM databricks
      WHERE trace_id = :the_trace)
WHERE copy_number = 1
ORDER BY start_time_unix_nano, span_id;
