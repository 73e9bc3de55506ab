-- From 2 to 3: tasks have names, a system prompt, fields and examples; answers have
-- fields; images have camera, lens, place and a perceptual hash; jobs know what
-- they were asked in place of. Tables whose conditions change are made anew, as
-- https://www.sqlite.org/lang_altertable.html#otheralter has it. The view is made
-- by the program (store/view.go).
DROP VIEW results;

ALTER TABLE images ADD COLUMN camera TEXT;
ALTER TABLE images ADD COLUMN lens TEXT;
ALTER TABLE images ADD COLUMN latitude REAL CHECK (latitude BETWEEN -90 AND 90);
ALTER TABLE images ADD COLUMN longitude REAL CHECK (longitude BETWEEN -180 AND 180);
ALTER TABLE images ADD COLUMN phash INTEGER;

CREATE TABLE tasks_3 (
    id         INTEGER PRIMARY KEY,
    name       TEXT,
    named_at   INTEGER,
    prompt     TEXT    NOT NULL,
    system     TEXT    NOT NULL DEFAULT '',
    schema     TEXT    NOT NULL DEFAULT '',
    examples   TEXT    NOT NULL DEFAULT '',
    model      TEXT    NOT NULL,
    max_tokens INTEGER NOT NULL CHECK (max_tokens > 0),
    max_width  INTEGER NOT NULL CHECK (max_width > 0),
    max_height INTEGER NOT NULL CHECK (max_height > 0),
    quality    INTEGER NOT NULL CHECK (quality BETWEEN 1 AND 100),
    max_bytes  INTEGER NOT NULL DEFAULT 0 CHECK (max_bytes >= 0),
    created_at INTEGER NOT NULL,
    UNIQUE (prompt, system, schema, examples, model, max_tokens, max_width, max_height, quality, max_bytes)
) STRICT;
INSERT INTO tasks_3 (id, prompt, model, max_tokens, max_width, max_height, quality, created_at)
SELECT id, prompt, model, max_tokens, max_width, max_height, quality, created_at FROM tasks;
DROP TABLE tasks;
ALTER TABLE tasks_3 RENAME TO tasks;

CREATE TABLE jobs_3 (
    id         INTEGER PRIMARY KEY,
    image_id   INTEGER NOT NULL REFERENCES images (id),
    task_id    INTEGER NOT NULL REFERENCES tasks (id),
    run_id     INTEGER REFERENCES runs (id),
    status     TEXT    NOT NULL DEFAULT 'pending'
               CHECK (status = 'done' OR status = 'running' OR status IN ('pending', 'failed', 'skipped')),
    not_before INTEGER NOT NULL DEFAULT 0,
    tries      INTEGER NOT NULL DEFAULT 0,
    model      TEXT,
    error_kind TEXT    CHECK (error_kind IS NULL OR error_kind IN (
                   'unreadable', 'unsupported', 'corrupt', 'too_large',
                   'rate_limited', 'timeout', 'network', 'server',
                   'auth', 'quota', 'model',
                   'bad_request', 'refused', 'filtered', 'truncated', 'invalid_answer',
                   'interrupted')),
    error      TEXT,
    answer_id  INTEGER REFERENCES answers (id),
    rejected_id INTEGER REFERENCES answers (id),
    earlier_id INTEGER REFERENCES answers (id),
    like_id    INTEGER REFERENCES images (id),
    updated_at INTEGER NOT NULL,
    UNIQUE (image_id, task_id),
    CHECK (status <> 'done' OR answer_id IS NOT NULL),
    CHECK ((error_kind IS NOT NULL) = (status = 'failed' OR status = 'skipped' AND like_id IS NULL))
) STRICT;
INSERT INTO jobs_3 (id, image_id, task_id, run_id, status, not_before, tries, model, error_kind, error, answer_id, updated_at)
SELECT id, image_id, task_id, run_id, status, not_before, tries, model, error_kind, error, answer_id, updated_at FROM jobs;
DROP TABLE jobs;
ALTER TABLE jobs_3 RENAME TO jobs;

CREATE TABLE attempts_3 (
    id          INTEGER PRIMARY KEY,
    job_id      INTEGER NOT NULL REFERENCES jobs (id),
    run_id      INTEGER NOT NULL REFERENCES runs (id),
    sha256      BLOB    CHECK (length(sha256) = 32),
    model       TEXT,
    key         TEXT,
    started_at  INTEGER NOT NULL,
    ended_at    INTEGER,
    outcome     TEXT    CHECK (outcome IS NULL OR outcome = 'ok' OR outcome IN (
                    'unreadable', 'unsupported', 'corrupt', 'too_large',
                    'rate_limited', 'timeout', 'network', 'server',
                    'auth', 'quota', 'model',
                    'bad_request', 'refused', 'filtered', 'truncated', 'invalid_answer',
                    'interrupted')),
    error       TEXT,
    http_status INTEGER,
    latency_ms  INTEGER CHECK (latency_ms >= 0),
    tokens_in   INTEGER CHECK (tokens_in >= 0),
    tokens_out  INTEGER CHECK (tokens_out >= 0),
    tokens_cached INTEGER CHECK (tokens_cached >= 0),
    cost_nanousd  INTEGER CHECK (cost_nanousd >= 0),
    CHECK ((ended_at IS NULL) = (outcome IS NULL))
) STRICT;
INSERT INTO attempts_3 (id, job_id, run_id, sha256, model, key, started_at, ended_at, outcome, error, http_status, latency_ms, tokens_in, tokens_out, tokens_cached, cost_nanousd)
SELECT id, job_id, run_id, sha256, model, key, started_at, ended_at, outcome, error, http_status, latency_ms, tokens_in, tokens_out, tokens_cached, cost_nanousd FROM attempts;
DROP TABLE attempts;
ALTER TABLE attempts_3 RENAME TO attempts;

CREATE TABLE decisions_3 (
    id     INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES runs (id),
    at     INTEGER NOT NULL,
    what   TEXT    NOT NULL CHECK (what IN ('pace', 'slots', 'pause', 'key', 'budget', 'retries', 'format')),
    text   TEXT    NOT NULL
) STRICT;
INSERT INTO decisions_3 (id, run_id, at, what, text)
SELECT id, run_id, at, what, text FROM decisions;
DROP TABLE decisions;
ALTER TABLE decisions_3 RENAME TO decisions;

CREATE INDEX jobs_due ON jobs (run_id, not_before, id) WHERE status = 'pending';
CREATE INDEX jobs_by_status ON jobs (task_id, status, error_kind);
CREATE INDEX jobs_like ON jobs (like_id) WHERE like_id IS NOT NULL;
CREATE INDEX attempts_of_job ON attempts (job_id);
CREATE INDEX decisions_of_run ON decisions (run_id);

ALTER TABLE answers ADD COLUMN fields TEXT CHECK (fields IS NULL OR json_valid(fields));
ALTER TABLE answers ADD COLUMN mended TEXT;

CREATE TABLE answer_formats (
    base_url TEXT    NOT NULL,
    model    TEXT    NOT NULL,
    format   TEXT    NOT NULL CHECK (format IN ('json_schema', 'json_object', 'prompt')),
    found_at INTEGER NOT NULL,
    PRIMARY KEY (base_url, model)
) STRICT, WITHOUT ROWID;

CREATE INDEX images_missing ON images (missing_at) WHERE missing_at IS NOT NULL;

-- What is counted from now on, and what there was before.
CREATE TABLE job_counts (
    task_id    INTEGER NOT NULL REFERENCES tasks (id),
    status     TEXT    NOT NULL,
    error_kind TEXT    NOT NULL,
    shared     INTEGER NOT NULL,
    jobs       INTEGER NOT NULL,
    PRIMARY KEY (task_id, status, error_kind, shared)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER jobs_made AFTER INSERT ON jobs BEGIN
    INSERT INTO job_counts VALUES (new.task_id, iif(new.status = 'running', 'pending', new.status),
        coalesce(new.error_kind, ''), 0, 1)
    ON CONFLICT DO UPDATE SET jobs = jobs + 1;
END;

CREATE TRIGGER jobs_moved AFTER UPDATE OF status, error_kind, answer_id ON jobs
WHEN NOT (old.status IN ('pending', 'running') AND new.status IN ('pending', 'running'))
 AND NOT (old.status = 'running' AND new.status = 'done' AND new.not_before = -1) BEGIN
    UPDATE job_counts SET jobs = jobs - 1
    WHERE task_id = old.task_id AND status = iif(old.status = 'running', 'pending', old.status)
      AND error_kind = coalesce(old.error_kind, '') AND shared = iif(old.status = 'done', coalesce((
            SELECT a.job_id <> old.id FROM answers n JOIN attempts a ON a.id = n.attempt_id
            WHERE n.id = old.answer_id), 0), 0);
    INSERT INTO job_counts VALUES (new.task_id, iif(new.status = 'running', 'pending', new.status),
        coalesce(new.error_kind, ''), iif(new.status = 'done', coalesce((
            SELECT a.job_id <> new.id FROM answers n JOIN attempts a ON a.id = n.attempt_id
            WHERE n.id = new.answer_id), 0), 0), 1)
    ON CONFLICT DO UPDATE SET jobs = jobs + 1;
END;

CREATE TABLE attempt_counts (
    run_id          INTEGER NOT NULL REFERENCES runs (id),
    model           TEXT    NOT NULL,
    key             TEXT    NOT NULL,
    attempts        INTEGER NOT NULL,
    ok              INTEGER NOT NULL,
    interrupted     INTEGER NOT NULL,
    unpriced        INTEGER NOT NULL,
    tokens_in       INTEGER NOT NULL,
    tokens_out      INTEGER NOT NULL,
    tokens_cached   INTEGER NOT NULL,
    cost_nanousd    INTEGER NOT NULL,
    latency_ms      INTEGER NOT NULL,
    last_started_at INTEGER NOT NULL,
    PRIMARY KEY (run_id, model, key)
) STRICT, WITHOUT ROWID;
INSERT INTO job_counts
SELECT task_id, status, kind, shared, count(*) FROM (
    SELECT j.task_id, iif(j.status = 'running', 'pending', j.status) AS status, coalesce(j.error_kind, '') AS kind,
           iif(j.status = 'done', coalesce(a.job_id <> j.id, 0), 0) AS shared
    FROM jobs j LEFT JOIN answers n ON n.id = j.answer_id LEFT JOIN attempts a ON a.id = n.attempt_id)
GROUP BY 1, 2, 3, 4;
INSERT INTO attempt_counts
SELECT run_id, coalesce(model, ''), coalesce(key, ''), count(*), count(*) FILTER (WHERE outcome = 'ok'),
       count(*) FILTER (WHERE outcome = 'interrupted'), count(*) FILTER (WHERE outcome = 'ok' AND cost_nanousd IS NULL),
       coalesce(sum(tokens_in), 0), coalesce(sum(tokens_out), 0), coalesce(sum(tokens_cached), 0),
       coalesce(sum(cost_nanousd), 0), coalesce(sum(latency_ms) FILTER (WHERE outcome = 'ok'), 0), max(started_at)
FROM attempts WHERE outcome IS NOT NULL GROUP BY 1, 2, 3;
CREATE VIEW attempts_open AS
SELECT a.id, j.task_id, a.run_id, coalesce(a.model, '') AS model, coalesce(a.key, '') AS key, a.started_at
FROM tasks t CROSS JOIN jobs j ON j.task_id = t.id AND j.status = 'running' CROSS JOIN attempts a ON a.job_id = j.id
WHERE a.outcome IS NULL;
