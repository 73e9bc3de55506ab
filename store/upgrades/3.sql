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
               CHECK (status IN ('pending', 'running', 'done', 'failed', 'skipped')),
    not_before INTEGER NOT NULL DEFAULT 0,
    tries      INTEGER NOT NULL DEFAULT 0,
    model      TEXT,
    error_kind TEXT    CHECK (error_kind IN (
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
    outcome     TEXT    CHECK (outcome IN (
                    'ok',
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
