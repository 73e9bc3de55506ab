-- vlocal's database, whole. Open it with any SQLite tool; the view `results`
-- at the end is what `vlocal export` writes:
--
--     sqlite3 vlocal.db 'select path, answer from results'
--
-- images ─┬─ jobs ─── attempts ─── answers
-- tasks  ─┘   │           │
--             └── runs ───┘
--
-- Instants are whole milliseconds since 1970-01-01 UTC; read one with
-- datetime(started_at / 1000, 'unixepoch'). Durations end in _ms.
--
-- SQLite makes a table of the list of an IN every time a row is written, so the
-- conditions on closed lists compare with the usual words first.

-- What kind of file this is ("vlcl"), and the version of this schema. An older
-- file is brought up to date step by step (store/upgrade.go); a newer one is
-- refused and left as it is.
PRAGMA application_id = 0x766c636c;
PRAGMA user_version = 3;

-- A source file or URL, with what is known of it. Rows are never deleted: a file
-- that vanished keeps its answers.
CREATE TABLE images (
    id          INTEGER PRIMARY KEY,
    -- Absolute, or a URL (http:// or https://). Bytes that are not UTF-8 are
    -- written \xNN here, and the name's true bytes stand in path_raw, which is
    -- empty otherwise.
    path        TEXT    NOT NULL,
    path_raw    BLOB    NOT NULL DEFAULT x'',
    -- As the last scan saw the file; mtime in nanoseconds since 1970. Both are 0
    -- for a URL.
    bytes       INTEGER NOT NULL CHECK (bytes >= 0),
    mtime_ns    INTEGER NOT NULL,
    -- From here to phash: known once somebody has looked into the file.
    sha256      BLOB    CHECK (length(sha256) = 32),
    -- Pixels, as a person sees the picture (orientation applied).
    width       INTEGER CHECK (width > 0),
    height      INTEGER CHECK (height > 0),
    format      TEXT,
    -- EXIF orientation as found in the file.
    orientation INTEGER CHECK (orientation BETWEEN 1 AND 8),
    -- The camera's own clock, ISO 8601; with an offset only if it recorded one.
    taken_at    TEXT,
    -- What is wrong with a picture that was decoded as far as it goes; NULL if
    -- nothing is.
    warning     TEXT,
    -- The camera and the lens, as EXIF names them.
    camera      TEXT,
    lens        TEXT,
    -- Where it was taken, in degrees (WGS 84), north and east positive.
    latitude    REAL    CHECK (latitude BETWEEN -90 AND 90),
    longitude   REAL    CHECK (longitude BETWEEN -180 AND 180),
    -- A perceptual hash of the upright picture, 64 bits: alike pictures differ in
    -- few of them (preprocess/phash).
    phash       INTEGER,
    found_at    INTEGER NOT NULL,
    -- When a scan noticed that the file is gone; NULL while it is there.
    missing_at  INTEGER,
    UNIQUE (path, path_raw)
) STRICT;

-- Counting the images that are gone.
CREATE INDEX images_missing ON images (missing_at) WHERE missing_at IS NOT NULL;

-- A question. Changing any part of it but its name makes a new task; old answers
-- stay.
CREATE TABLE tasks (
    id         INTEGER PRIMARY KEY,
    -- What a person calls it, and since when; NULL if nothing. Of several with one
    -- name the one that was given it last is meant.
    name       TEXT,
    named_at   INTEGER,
    -- A template: {{.Name}} and the like stand for what is known of an image.
    prompt     TEXT    NOT NULL,
    -- The system prompt; empty for none.
    system     TEXT    NOT NULL DEFAULT '',
    -- The JSON Schema of the answer, whose properties are the fields; empty for
    -- free text.
    schema     TEXT    NOT NULL DEFAULT '',
    -- Examples that are shown first, as a JSON array of {path, sha256, answer};
    -- empty for none.
    examples   TEXT    NOT NULL DEFAULT '',
    model      TEXT    NOT NULL,
    -- Bound on the answer.
    max_tokens INTEGER NOT NULL CHECK (max_tokens > 0),
    -- The picture that is sent: its box in pixels and its JPEG quality.
    max_width  INTEGER NOT NULL CHECK (max_width > 0),
    max_height INTEGER NOT NULL CHECK (max_height > 0),
    quality    INTEGER NOT NULL CHECK (quality BETWEEN 1 AND 100),
    -- At most so many bytes of JPEG; 0 for no bound.
    max_bytes  INTEGER NOT NULL DEFAULT 0 CHECK (max_bytes >= 0),
    created_at INTEGER NOT NULL,
    UNIQUE (prompt, system, schema, examples, model, max_tokens, max_width, max_height, quality, max_bytes)
) STRICT;

-- One invocation that asks. At most one is under way in a database, which a
-- lock on the file beside it (NAME.lock) makes sure of.
CREATE TABLE runs (
    id         INTEGER PRIMARY KEY,
    task_id    INTEGER NOT NULL REFERENCES tasks (id),
    -- The server asked, without user name, password or query.
    base_url   TEXT    NOT NULL,
    host       TEXT    NOT NULL,
    pid        INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    -- NULL while the run is under way, and for ever if it was killed.
    ended_at   INTEGER,
    -- Why the run stopped before its jobs were through; NULL if it did not.
    error      TEXT
) STRICT;

-- One image under one task.
CREATE TABLE jobs (
    id         INTEGER PRIMARY KEY,
    image_id   INTEGER NOT NULL REFERENCES images (id),
    task_id    INTEGER NOT NULL REFERENCES tasks (id),
    -- The last run that was to ask it. A run claims its own jobs only.
    run_id     INTEGER REFERENCES runs (id),
    status     TEXT    NOT NULL DEFAULT 'pending'
               CHECK (status = 'done' OR status = 'running' OR status IN ('pending', 'failed', 'skipped')),
    -- When a pending job is due: a failed attempt puts it into the future. An answer
    -- makes it -1, which tells the trigger jobs_moved that the program counts it.
    not_before INTEGER NOT NULL DEFAULT 0,
    -- Attempts that count since a person last queued the job.
    tries      INTEGER NOT NULL DEFAULT 0,
    -- The model to ask next, once the first one could not answer; NULL for the
    -- first one.
    model      TEXT,
    -- Why the job failed or was skipped.
    error_kind TEXT    CHECK (error_kind IS NULL OR error_kind IN (
                   'unreadable', 'unsupported', 'corrupt', 'too_large',
                   'rate_limited', 'timeout', 'network', 'server',
                   'auth', 'quota', 'model',
                   'bad_request', 'refused', 'filtered', 'truncated', 'invalid_answer',
                   'interrupted')),
    error      TEXT,
    -- The answer that counts. It may come from an attempt at another job: a
    -- second file with the same bytes is not asked about again.
    answer_id  INTEGER REFERENCES answers (id),
    -- An answer that did not fit the task's schema: the next attempt shows it to
    -- the model, with what was wrong. NULL if there is none to better.
    rejected_id INTEGER REFERENCES answers (id),
    -- The answer that the job had before a person asked for another (redo). NULL if
    -- that never was. While it is asked again, the answer is still this one.
    earlier_id INTEGER REFERENCES answers (id),
    -- The image that looks alike and is asked instead of this one, which is skipped
    -- for that. On a pending job: the one that was, and was not answered.
    like_id    INTEGER REFERENCES images (id),
    updated_at INTEGER NOT NULL,
    UNIQUE (image_id, task_id),
    CHECK (status <> 'done' OR answer_id IS NOT NULL),
    CHECK ((error_kind IS NOT NULL) = (status = 'failed' OR status = 'skipped' AND like_id IS NULL))
) STRICT;

-- Claiming what is due, in order.
CREATE INDEX jobs_due ON jobs (run_id, not_before, id) WHERE status = 'pending';
-- Counting by status and kind; listing the failed.
CREATE INDEX jobs_by_status ON jobs (task_id, status, error_kind);
-- Whom to ask again when the image that was asked instead of them is not answered.
CREATE INDEX jobs_like ON jobs (like_id) WHERE like_id IS NOT NULL;

-- One try at a job. The row is there, on disk, before the request leaves. It is
-- completed once and never deleted.
CREATE TABLE attempts (
    id          INTEGER PRIMARY KEY,
    job_id      INTEGER NOT NULL REFERENCES jobs (id),
    run_id      INTEGER NOT NULL REFERENCES runs (id),
    -- The bytes the attempt was about; NULL if the file could not be read.
    sha256      BLOB    CHECK (length(sha256) = 32),
    -- Whom it asked: the model by the name that was sent, and the API key by its
    -- last 4 characters. NULL if nobody was asked, or there was no key.
    model       TEXT,
    key         TEXT,
    started_at  INTEGER NOT NULL,
    ended_at    INTEGER,
    -- NULL while under way; 'ok'; or why not. A process that died leaves NULL
    -- here, and the next run completes it as 'interrupted'.
    outcome     TEXT    CHECK (outcome IS NULL OR outcome = 'ok' OR outcome IN (
                    'unreadable', 'unsupported', 'corrupt', 'too_large',
                    'rate_limited', 'timeout', 'network', 'server',
                    'auth', 'quota', 'model',
                    'bad_request', 'refused', 'filtered', 'truncated', 'invalid_answer',
                    'interrupted')),
    -- What went wrong and what to do, for a person.
    error       TEXT,
    -- The server's HTTP status; NULL if no answer came.
    http_status INTEGER,
    -- From sending the request to having the whole answer; NULL if none was sent.
    latency_ms  INTEGER CHECK (latency_ms >= 0),
    tokens_in   INTEGER CHECK (tokens_in >= 0),
    tokens_out  INTEGER CHECK (tokens_out >= 0),
    -- The part of tokens_in that the server had in its cache.
    tokens_cached INTEGER CHECK (tokens_cached >= 0),
    -- In billionths of a US dollar; NULL if the price is not known.
    cost_nanousd  INTEGER CHECK (cost_nanousd >= 0),
    CHECK ((ended_at IS NULL) = (outcome IS NULL))
) STRICT;

CREATE INDEX attempts_of_job ON attempts (job_id);

-- What a run decided by itself, for those who ask in the morning why it was slow
-- in the night.
CREATE TABLE decisions (
    id     INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES runs (id),
    at     INTEGER NOT NULL,
    -- What it is about: the pace of a key, the slots in use, a pause of the whole
    -- run, a key, the budget, the tries again, the format of the answers.
    what   TEXT    NOT NULL CHECK (what IN ('pace', 'slots', 'pause', 'key', 'budget', 'retries', 'format')),
    -- In words.
    text   TEXT    NOT NULL
) STRICT;

CREATE INDEX decisions_of_run ON decisions (run_id);

-- What the model said, word for word; kept for attempts that ended badly too
-- (cut short, not understood), because it was paid for.
CREATE TABLE answers (
    id            INTEGER PRIMARY KEY,
    attempt_id    INTEGER NOT NULL UNIQUE REFERENCES attempts (id),
    -- What was asked of which bytes: the key by which a copy finds its answer.
    -- The hash is all zero when a URL was sent as it is: nobody here saw bytes.
    task_id       INTEGER NOT NULL REFERENCES tasks (id),
    sha256        BLOB    NOT NULL CHECK (length(sha256) = 32),
    text          TEXT    NOT NULL,
    -- The model's name as the server gave it.
    model         TEXT    NOT NULL,
    -- The server's word for why the text ends ('stop', 'length'); NULL if none.
    finish_reason TEXT,
    -- The fields as a JSON object that fits the task's schema; NULL if it has none,
    -- or if the text does not fit it.
    fields        TEXT    CHECK (fields IS NULL OR json_valid(fields)),
    -- What had to be mended in the text for that; NULL if nothing.
    mended        TEXT
) STRICT;

CREATE INDEX answers_by_bytes ON answers (sha256, task_id);

-- How many jobs of a task stand where, kept so that nobody counts a million rows
-- to tell. The triggers below keep it, but for jobs whose attempt was answered: of
-- those the program adds up what a transaction holds (store/counts.go).
CREATE TABLE job_counts (
    task_id    INTEGER NOT NULL REFERENCES tasks (id),
    -- 'pending' counts those that are running, too: the few of them are counted
    -- when somebody asks, and a claim changes nothing here.
    status     TEXT    NOT NULL,
    -- Empty for none.
    error_kind TEXT    NOT NULL,
    -- 1 where the answer is that of an attempt at another job.
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

-- What the attempts of a run took that have ended: one row for each model and key
-- that it asked. The program keeps it.
CREATE TABLE attempt_counts (
    run_id          INTEGER NOT NULL REFERENCES runs (id),
    -- Empty for none.
    model           TEXT    NOT NULL,
    key             TEXT    NOT NULL,
    attempts        INTEGER NOT NULL,
    ok              INTEGER NOT NULL,
    interrupted     INTEGER NOT NULL,
    -- Those that ended ok and whose price is not known.
    unpriced        INTEGER NOT NULL,
    tokens_in       INTEGER NOT NULL,
    tokens_out      INTEGER NOT NULL,
    tokens_cached   INTEGER NOT NULL,
    cost_nanousd    INTEGER NOT NULL,
    -- Of those that ended ok, together.
    latency_ms      INTEGER NOT NULL,
    last_started_at INTEGER NOT NULL,
    PRIMARY KEY (run_id, model, key)
) STRICT, WITHOUT ROWID;

-- The attempts that are under way, or were when the program died. All belong to the
-- few jobs that are running.
CREATE VIEW attempts_open AS
SELECT a.id, j.task_id, a.run_id, coalesce(a.model, '') AS model, coalesce(a.key, '') AS key, a.started_at
FROM tasks t CROSS JOIN jobs j ON j.task_id = t.id AND j.status = 'running' CROSS JOIN attempts a ON a.job_id = j.id
WHERE a.outcome IS NULL;

-- How a server and a model take the schema of an answer, found out by asking.
CREATE TABLE answer_formats (
    base_url TEXT    NOT NULL,
    model    TEXT    NOT NULL,
    format   TEXT    NOT NULL CHECK (format IN ('json_schema', 'json_object', 'prompt')),
    found_at INTEGER NOT NULL,
    PRIMARY KEY (base_url, model)
) STRICT, WITHOUT ROWID;

-- One row a job, in words; `vlocal export` writes these columns, up to
-- asked_instead, in path order. Attempts, tokens and cost are all that the job
-- itself took, so a row that shares another's answer has none; latency is that of
-- its last attempt. For every field of any task there is a column behind the
-- answer, which the program puts there (store/view.go).
CREATE VIEW results AS
SELECT
    i.path,
    j.status,
    n.text AS answer,
    -- fields
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
    -- About the picture that was sent, and about the answer.
    coalesce(i.warning || coalesce('; ' || n.mended, ''), n.mended) AS warning,
    -- The image that was asked in place of this one: a file with the same bytes,
    -- whose answer it shares, or, of a skipped row, one that looks alike.
    CASE WHEN j.status = 'skipped' THEN (SELECT l.path FROM images l WHERE l.id = j.like_id)
         ELSE (SELECT s.path FROM attempts o JOIN jobs p ON p.id = o.job_id JOIN images s ON s.id = p.image_id
                WHERE o.id = n.attempt_id AND p.id <> j.id)
    END AS asked_instead,
    n.fields,
    t.name AS task,
    j.task_id,
    j.id AS job_id,
    j.image_id
FROM jobs j
JOIN images i ON i.id = j.image_id
JOIN tasks t ON t.id = j.task_id
LEFT JOIN answers n ON n.id = j.answer_id;
