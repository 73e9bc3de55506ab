PRAGMA application_id = 0x766c636c;
PRAGMA user_version = 2;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE images (
    id          INTEGER PRIMARY KEY,
    -- Absolute. Bytes that are not UTF-8 are written \xNN here, and the name's
    -- true bytes stand in path_raw, which is empty otherwise.
    path        TEXT    NOT NULL,
    path_raw    BLOB    NOT NULL DEFAULT x'',
    -- As the last scan saw the file; mtime in nanoseconds since 1970.
    bytes       INTEGER NOT NULL CHECK (bytes >= 0),
    mtime_ns    INTEGER NOT NULL,
    -- From here to taken_at: known once somebody has looked into the file.
    sha256      BLOB    CHECK (length(sha256) = 32),
    -- Pixels, as a person sees the picture (orientation applied).
    width       INTEGER CHECK (width > 0),
    height      INTEGER CHECK (height > 0),
    format      TEXT,
    -- EXIF orientation as found in the file.
    orientation INTEGER CHECK (orientation BETWEEN 1 AND 8),
    -- The camera's own clock, ISO 8601; with an offset only if it recorded one.
    taken_at    TEXT,
    found_at    INTEGER NOT NULL,
    -- When a scan noticed that the file is gone; NULL while it is there.
    missing_at  INTEGER, warning TEXT,
    UNIQUE (path, path_raw)
) STRICT;
INSERT INTO images VALUES(1,'/photos/Sommer 2024/Äpfel und Orangen.jpg',X'',73273,1795557331922954298,X'2aeab1fc988f05396034c67cc0205d8d8c34a032553c215aa461c49abacbaebf',1200,900,'jpeg',1,'2024-08-03T09:12:44',1795557331976,NULL,NULL);
INSERT INTO images VALUES(2,'/photos/bad.jpg',X'',14,1795557331925962381,X'a9b39165aa59997b0e9610de5e3adcfc5ddfde3dd3422dac9eebd36a821db887',NULL,NULL,NULL,NULL,NULL,1795557331976,NULL,NULL);
INSERT INTO images VALUES(3,'/photos/chart.png',X'',27533,1795557331923026696,X'43a0b82699ffd0dfbca55ad4bdb22f86f2227da2fb1cdde81e800af3a05e48a3',960,600,'png',NULL,NULL,1795557331976,NULL,NULL);
INSERT INTO images VALUES(4,'/photos/copy.jpg',X'',77191,1795557331925962381,X'36784414c746eb4fce75d5c96942db6dab4d90f1fbd70887ed018ae91d870a1a',720,960,'jpeg',6,'2024-05-01T12:35:10+02:00',1795557331976,NULL,NULL);
INSERT INTO images VALUES(5,'/photos/fruit.bmp',X'',90054,1795557331923100846,X'0210699c28925f204c507ad095a0e447ca7d10de9a6d6bcdcdceaa0c55c4d3d8',200,150,'bmp',NULL,NULL,1795557331976,NULL,NULL);
INSERT INTO images VALUES(6,'/photos/icon.webp',X'',37042,1795557331923197429,X'8619861b600bbec657d4cddb9146fd547ebbfe56ec0ba741336a14e3e4f13496',96,96,'webp',NULL,NULL,1795557331976,NULL,NULL);
INSERT INTO images VALUES(7,'/photos/lake.jpg',X'',89647,1795557331923245000,X'fda8035c54c7d5a22f65ad636a13927083e866acbb320bc16ad415bbe80b7f4c',1200,800,'jpeg',1,'2024-06-21T20:48:05+02:00',1795557331976,NULL,NULL);
INSERT INTO images VALUES(8,'/photos/old photo.jpg',X'',28545,1795557331923311729,X'bd8fcd0ef511bcb7cab63e3ce5dd7760b6834e7df59bef1f48d5a585a58f74dc',560,560,'jpeg',NULL,NULL,1795557331976,NULL,NULL);
INSERT INTO images VALUES(9,'/photos/postcard.gif',X'',33712,1795557331923365639,X'efc834f3a736db1b0569241ebae3107bfabf5225667846200930a5b1579e6861',330,220,'gif',NULL,NULL,1795557331976,NULL,NULL);
INSERT INTO images VALUES(10,'/photos/receipt.jpg',X'',77191,1795557331923415724,X'36784414c746eb4fce75d5c96942db6dab4d90f1fbd70887ed018ae91d870a1a',720,960,'jpeg',6,'2024-05-01T12:35:10+02:00',1795557331976,NULL,NULL);
INSERT INTO images VALUES(11,'/photos/scan.tiff',X'',120052,1795557331923615300,X'eadd6437207c82bbcb3eda254f0e8314bf8eeab9c1bce05928392e507d676037',420,560,'tiff',NULL,NULL,1795557331976,NULL,NULL);
INSERT INTO images VALUES(12,'/photos/sticker.png',X'',28250,1795557331923743450,X'c5bee5b9a8246ad372441071e09ede9e404d59f63d00c4e9a59a306e00b1ced4',360,360,'png',NULL,NULL,1795557331976,NULL,NULL);
CREATE TABLE tasks (
    id         INTEGER PRIMARY KEY,
    prompt     TEXT    NOT NULL,
    model      TEXT    NOT NULL,
    -- Bound on the answer.
    max_tokens INTEGER NOT NULL CHECK (max_tokens > 0),
    -- The picture that is sent: its box in pixels and its JPEG quality.
    max_width  INTEGER NOT NULL CHECK (max_width > 0),
    max_height INTEGER NOT NULL CHECK (max_height > 0),
    quality    INTEGER NOT NULL CHECK (quality BETWEEN 1 AND 100),
    created_at INTEGER NOT NULL,
    UNIQUE (prompt, model, max_tokens, max_width, max_height, quality)
) STRICT;
INSERT INTO tasks VALUES(1,'What is in this photo?','builtin/pixels',1024,1920,1080,85,1795557331977);
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
INSERT INTO runs VALUES(1,1,'http://builtin.invalid/v1','vm',7164,1795557331978,1795557333186,NULL);
CREATE TABLE jobs (
    id         INTEGER PRIMARY KEY,
    image_id   INTEGER NOT NULL REFERENCES images (id),
    task_id    INTEGER NOT NULL REFERENCES tasks (id),
    -- The last run that was to ask it. A run claims its own jobs only.
    run_id     INTEGER REFERENCES runs (id),
    status     TEXT    NOT NULL DEFAULT 'pending'
               CHECK (status IN ('pending', 'running', 'done', 'failed', 'skipped')),
    -- When a pending job is due: a failed attempt puts it into the future.
    not_before INTEGER NOT NULL DEFAULT 0,
    -- Attempts that count since a person last queued the job.
    tries      INTEGER NOT NULL DEFAULT 0,
    -- Why the job failed or was skipped.
    error_kind TEXT    CHECK (error_kind IN (
                   'unreadable', 'unsupported', 'corrupt', 'too_large',
                   'rate_limited', 'timeout', 'network', 'server',
                   'auth', 'quota', 'model',
                   'bad_request', 'refused', 'truncated', 'invalid_answer',
                   'interrupted')),
    error      TEXT,
    -- The answer that counts. It may come from an attempt at another job: a
    -- second file with the same bytes is not asked about again.
    answer_id  INTEGER REFERENCES answers (id),
    updated_at INTEGER NOT NULL, model TEXT,
    UNIQUE (image_id, task_id),
    CHECK (status <> 'done' OR answer_id IS NOT NULL),
    CHECK ((error_kind IS NOT NULL) = (status IN ('failed', 'skipped')))
) STRICT;
INSERT INTO jobs VALUES(1,1,1,1,'done',0,1,NULL,NULL,3,1795557332047,NULL);
INSERT INTO jobs VALUES(2,2,1,1,'failed',0,1,'unsupported','decode: not an image: it looks like text/plain (rename or exclude it, if it is not a picture)',NULL,1795557331981,NULL);
INSERT INTO jobs VALUES(3,3,1,1,'done',0,1,NULL,NULL,1,1795557332030,NULL);
INSERT INTO jobs VALUES(4,4,1,1,'done',0,1,NULL,NULL,10,1795557332154,NULL);
INSERT INTO jobs VALUES(5,5,1,1,'done',0,1,NULL,NULL,2,1795557332035,NULL);
INSERT INTO jobs VALUES(6,6,1,1,'done',0,1,NULL,NULL,4,1795557332047,NULL);
INSERT INTO jobs VALUES(7,7,1,1,'done',0,1,NULL,NULL,5,1795557332098,NULL);
INSERT INTO jobs VALUES(8,8,1,1,'done',0,1,NULL,NULL,6,1795557332120,NULL);
INSERT INTO jobs VALUES(9,9,1,1,'done',0,1,NULL,NULL,8,1795557332139,NULL);
INSERT INTO jobs VALUES(10,10,1,1,'done',1795557333146,0,NULL,NULL,10,1795557333185,NULL);
INSERT INTO jobs VALUES(11,11,1,1,'done',0,1,NULL,NULL,9,1795557332144,NULL);
INSERT INTO jobs VALUES(12,12,1,1,'done',0,1,NULL,NULL,7,1795557332134,NULL);
CREATE TABLE attempts (
    id          INTEGER PRIMARY KEY,
    job_id      INTEGER NOT NULL REFERENCES jobs (id),
    run_id      INTEGER NOT NULL REFERENCES runs (id),
    -- The bytes the attempt was about; NULL if the file could not be read.
    sha256      BLOB    CHECK (length(sha256) = 32),
    started_at  INTEGER NOT NULL,
    ended_at    INTEGER,
    -- NULL while under way; 'ok'; or why not. A process that died leaves NULL
    -- here, and the next run completes it as 'interrupted'.
    outcome     TEXT    CHECK (outcome IN (
                    'ok',
                    'unreadable', 'unsupported', 'corrupt', 'too_large',
                    'rate_limited', 'timeout', 'network', 'server',
                    'auth', 'quota', 'model',
                    'bad_request', 'refused', 'truncated', 'invalid_answer',
                    'interrupted')),
    -- What went wrong and what to do, for a person.
    error       TEXT,
    -- The server's HTTP status; NULL if no answer came.
    http_status INTEGER,
    -- From sending the request to having the whole answer; NULL if none was sent.
    latency_ms  INTEGER CHECK (latency_ms >= 0),
    tokens_in   INTEGER CHECK (tokens_in >= 0),
    tokens_out  INTEGER CHECK (tokens_out >= 0), model TEXT, key TEXT, tokens_cached INTEGER CHECK (tokens_cached >= 0), cost_nanousd INTEGER CHECK (cost_nanousd >= 0),
    CHECK ((ended_at IS NULL) = (outcome IS NULL))
) STRICT;
INSERT INTO attempts VALUES(1,2,1,X'a9b39165aa59997b0e9610de5e3adcfc5ddfde3dd3422dac9eebd36a821db887',1795557331980,1795557331981,'unsupported','decode: not an image: it looks like text/plain (rename or exclude it, if it is not a picture)',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO attempts VALUES(2,3,1,X'43a0b82699ffd0dfbca55ad4bdb22f86f2227da2fb1cdde81e800af3a05e48a3',1795557332012,1795557332030,'ok',NULL,200,13,771,42,NULL,NULL,NULL,NULL);
INSERT INTO attempts VALUES(3,1,1,X'2aeab1fc988f05396034c67cc0205d8d8c34a032553c215aa461c49abacbaebf',1795557332018,1795557332047,'ok',NULL,200,27,1111,42,NULL,NULL,NULL,NULL);
INSERT INTO attempts VALUES(4,5,1,X'0210699c28925f204c507ad095a0e447ca7d10de9a6d6bcdcdceaa0c55c4d3d8',1795557332030,1795557332035,'ok',NULL,200,4,261,41,NULL,NULL,NULL,NULL);
INSERT INTO attempts VALUES(5,6,1,X'8619861b600bbec657d4cddb9146fd547ebbfe56ec0ba741336a14e3e4f13496',1795557332043,1795557332047,'ok',NULL,200,3,261,37,NULL,NULL,NULL,NULL);
INSERT INTO attempts VALUES(6,7,1,X'fda8035c54c7d5a22f65ad636a13927083e866acbb320bc16ad415bbe80b7f4c',1795557332072,1795557332098,'ok',NULL,200,25,1111,44,NULL,NULL,NULL,NULL);
INSERT INTO attempts VALUES(7,4,1,X'36784414c746eb4fce75d5c96942db6dab4d90f1fbd70887ed018ae91d870a1a',1795557332075,1795557332154,'ok',NULL,200,53,771,52,NULL,NULL,NULL,NULL);
INSERT INTO attempts VALUES(8,8,1,X'bd8fcd0ef511bcb7cab63e3ce5dd7760b6834e7df59bef1f48d5a585a58f74dc',1795557332098,1795557332120,'ok',NULL,200,18,771,47,NULL,NULL,NULL,NULL);
INSERT INTO attempts VALUES(9,9,1,X'efc834f3a736db1b0569241ebae3107bfabf5225667846200930a5b1579e6861',1795557332098,1795557332139,'ok',NULL,200,37,261,44,NULL,NULL,NULL,NULL);
INSERT INTO attempts VALUES(10,11,1,X'eadd6437207c82bbcb3eda254f0e8314bf8eeab9c1bce05928392e507d676037',1795557332121,1795557332144,'ok',NULL,200,21,431,53,NULL,NULL,NULL,NULL);
INSERT INTO attempts VALUES(11,12,1,X'c5bee5b9a8246ad372441071e09ede9e404d59f63d00c4e9a59a306e00b1ced4',1795557332127,1795557332134,'ok',NULL,200,5,261,38,NULL,NULL,NULL,NULL);
CREATE TABLE answers (
    id            INTEGER PRIMARY KEY,
    attempt_id    INTEGER NOT NULL UNIQUE REFERENCES attempts (id),
    -- What was asked of which bytes: the key by which a copy finds its answer.
    task_id       INTEGER NOT NULL REFERENCES tasks (id),
    sha256        BLOB    NOT NULL CHECK (length(sha256) = 32),
    text          TEXT    NOT NULL,
    -- The model's name as the server gave it.
    model         TEXT    NOT NULL,
    -- The server's word for why the text ends ('stop', 'length'); NULL if none.
    finish_reason TEXT
) STRICT;
INSERT INTO answers VALUES(1,2,1,X'43a0b82699ffd0dfbca55ad4bdb22f86f2227da2fb1cdde81e800af3a05e48a3','A very bright, landscape-format document, drawing or screenshot on a light ground of 960x600 pixels, mostly white and blue. Medium contrast, soft or smooth surfaces.','builtin','stop');
INSERT INTO answers VALUES(2,4,1,X'0210699c28925f204c507ad095a0e447ca7d10de9a6d6bcdcdceaa0c55c4d3d8','A medium-bright, landscape-format picture of 200x150 pixels, mostly brown and grey. Medium contrast, soft or smooth surfaces; the brightest part is at the top left.','builtin','stop');
INSERT INTO answers VALUES(3,3,1,X'2aeab1fc988f05396034c67cc0205d8d8c34a032553c215aa461c49abacbaebf','A medium-bright, landscape-format picture of 1200x900 pixels, mostly grey and brown. Medium contrast, soft or smooth surfaces; the brightest part is at the top left.','builtin','stop');
INSERT INTO answers VALUES(4,5,1,X'8619861b600bbec657d4cddb9146fd547ebbfe56ec0ba741336a14e3e4f13496','A bright, square picture of 96x96 pixels, mostly white and turquoise. High contrast, a fair amount of detail; the brightest part is at the top left.','builtin','stop');
INSERT INTO answers VALUES(5,6,1,X'fda8035c54c7d5a22f65ad636a13927083e866acbb320bc16ad415bbe80b7f4c','A medium-bright, landscape-format picture of 1200x800 pixels, mostly grey, dark grey and blue. High contrast, soft or smooth surfaces; the brightest part is at the top right.','builtin','stop');
INSERT INTO answers VALUES(6,8,1,X'bd8fcd0ef511bcb7cab63e3ce5dd7760b6834e7df59bef1f48d5a585a58f74dc','A medium-bright, square black-and-white picture of 560x560 pixels, mostly dark grey, grey and light grey. High contrast, soft or smooth surfaces; the brightest part is at the top right.','builtin','stop');
INSERT INTO answers VALUES(7,11,1,X'c5bee5b9a8246ad372441071e09ede9e404d59f63d00c4e9a59a306e00b1ced4','A bright, square picture of 360x360 pixels, mostly white and turquoise. High contrast, soft or smooth surfaces; the brightest part is at the top left.','builtin','stop');
INSERT INTO answers VALUES(8,9,1,X'efc834f3a736db1b0569241ebae3107bfabf5225667846200930a5b1579e6861','A medium-bright, landscape-format picture of 330x220 pixels, mostly grey, dark grey and blue. High contrast, a fair amount of detail; the brightest part is at the top right.','builtin','stop');
INSERT INTO answers VALUES(9,10,1,X'eadd6437207c82bbcb3eda254f0e8314bf8eeab9c1bce05928392e507d676037','A bright, portrait-format document, drawing or screenshot on a light ground of 420x560 pixels, mostly white, light grey and dark grey. High contrast, a fair amount of detail; the brightest part is in the middle.','builtin','stop');
INSERT INTO answers VALUES(10,7,1,X'36784414c746eb4fce75d5c96942db6dab4d90f1fbd70887ed018ae91d870a1a','A bright, portrait-format document, drawing or screenshot on a light ground of 720x960 pixels, mostly white, light grey and brown. High contrast, a fair amount of detail; the brightest part is in the middle.','builtin','stop');
CREATE TABLE decisions (
    id     INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES runs (id),
    at     INTEGER NOT NULL,
    what   TEXT    NOT NULL CHECK (what IN ('pace', 'slots', 'pause', 'key', 'budget', 'retries')),
    text   TEXT    NOT NULL
) STRICT;
CREATE INDEX jobs_due ON jobs (run_id, not_before, id) WHERE status = 'pending';
CREATE INDEX jobs_by_status ON jobs (task_id, status, error_kind);
CREATE INDEX attempts_of_job ON attempts (job_id);
CREATE INDEX answers_by_bytes ON answers (sha256, task_id);
CREATE INDEX decisions_of_run ON decisions (run_id);
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
LEFT JOIN answers n ON n.id = j.answer_id
;
COMMIT;
