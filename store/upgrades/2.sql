-- From 1 to 2: whom an attempt asked and what it cost, the model a job asks next,
-- what is wrong with a picture that was decoded all the same, and what runs decide by themselves. The offline model has a longer name now.
ALTER TABLE images ADD COLUMN warning TEXT;
ALTER TABLE jobs ADD COLUMN model TEXT;
ALTER TABLE attempts ADD COLUMN model TEXT;
ALTER TABLE attempts ADD COLUMN key TEXT;
ALTER TABLE attempts ADD COLUMN tokens_cached INTEGER CHECK (tokens_cached >= 0);
ALTER TABLE attempts ADD COLUMN cost_nanousd INTEGER CHECK (cost_nanousd >= 0);

-- Those under way are found by their jobs, which are running.
DROP INDEX attempts_open;

UPDATE tasks SET model = 'builtin/pixels' WHERE model = 'builtin';

CREATE TABLE decisions (
    id     INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES runs (id),
    at     INTEGER NOT NULL,
    what   TEXT    NOT NULL CHECK (what IN ('pace', 'slots', 'pause', 'key', 'budget', 'retries')),
    text   TEXT    NOT NULL
) STRICT;
CREATE INDEX decisions_of_run ON decisions (run_id);

DROP VIEW results;
CREATE VIEW results AS
SELECT
    i.path,
    j.status,
    n.text AS answer,
    j.error_kind,
    j.error,
    (SELECT count(*) FROM attempts c WHERE c.job_id = j.id) AS attempts,
    coalesce(n.model, j.model, t.model) AS model,
    (SELECT sum(c.tokens_in) FROM attempts c WHERE c.job_id = j.id) AS tokens_in,
    (SELECT sum(c.tokens_out) FROM attempts c WHERE c.job_id = j.id) AS tokens_out,
    (SELECT c.latency_ms FROM attempts c WHERE c.job_id = j.id
      ORDER BY c.id DESC LIMIT 1) AS latency_ms,
    i.width,
    i.height,
    i.bytes,
    i.taken_at,
    CASE WHEN j.status IN ('done', 'failed', 'skipped')
         THEN strftime('%Y-%m-%dT%H:%M:%fZ', j.updated_at / 1000.0, 'unixepoch')
    END AS finished_at,
    -- In US dollars, over all attempts whose price is known; NULL if none is.
    (SELECT sum(c.cost_nanousd) / 1e9 FROM attempts c WHERE c.job_id = j.id) AS cost_usd,
    i.warning,
    j.task_id,
    j.id AS job_id,
    j.image_id
FROM jobs j
JOIN images i ON i.id = j.image_id
JOIN tasks t ON t.id = j.task_id
LEFT JOIN answers n ON n.id = j.answer_id;
