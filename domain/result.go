package domain

// Result is one job as a row for people: a line of the view `results`, of the
// CSV and of a list. A pointer is nil where the value is not known.
type Result struct {
	Path      string // valid UTF-8, see PathText
	Status    Status
	Answer    string
	ErrorKind ErrorKind
	Error     string
	// Attempts counts all attempts at the job, ever.
	Attempts int64
	Model    string
	// TokensIn and TokensOut are sums over all attempts.
	TokensIn, TokensOut *int64
	// LatencyMS is that of the last attempt, in milliseconds.
	LatencyMS *int64
	// Width and Height are in pixels, upright.
	Width, Height *int64
	// Bytes is the size of the source file; 0 for a URL.
	Bytes int64
	// TakenAt and FinishedAt are in ISO 8601; "" when unknown.
	TakenAt, FinishedAt string
	// CostUSD is the sum over all attempts whose price is known, in US dollars.
	CostUSD *float64
	// Warning is about the picture that was sent (damaged, and decoded as far as it
	// goes), and about the answer (mended).
	Warning string
	// AskedInstead is the path of the image that was asked in place of this one: a
	// file with the same bytes, whose answer it shares, or, of a skipped one, an
	// image that looks alike. "" for none.
	AskedInstead string
	// Fields is a JSON object that fits the task's schema; "" when there is none.
	Fields  string
	Task    string // the task's name
	ImageID int64
}

// ResultColumns are the names of the results' own columns, in their order. The
// fields of an answer stand behind "answer".
var ResultColumns = []string{
	"path", "status", "answer", "error_kind", "error", "attempts", "model", "tokens_in", "tokens_out",
	"latency_ms", "width", "height", "bytes", "taken_at", "finished_at", "cost_usd", "warning", "asked_instead",
	"fields", "task", "task_id", "job_id", "image_id",
}

// AttemptColumns are the columns of an export of attempts: the rows of the table
// `attempts` with the image's path and the answer's text, in whole words.
var AttemptColumns = []string{
	"path", "attempt_id", "job_id", "run_id", "started_at", "ended_at", "outcome", "error", "http_status",
	"model", "key", "latency_ms", "tokens_in", "tokens_out", "tokens_cached", "cost_usd", "answer", "finish_reason",
}

// ImageColumns are the columns of an export of images.
var ImageColumns = []string{
	"path", "image_id", "bytes", "modified_at", "sha256", "width", "height", "format", "orientation",
	"taken_at", "camera", "lens", "latitude", "longitude", "warning", "missing_at",
}
