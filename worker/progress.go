package worker

import (
	"maps"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"vlocal/domain"
)

// Progress is how far a run is, at one moment.
type Progress struct {
	// Done and Failed count jobs of this run; Shared is the part of Done that
	// took another job's answer.
	Done, Failed, Shared int
	// Skipped counts jobs for which an image that looks alike is asked.
	Skipped int
	// InFlight counts requests under way.
	InFlight int
	// Sent counts requests sent, Retried the attempts after which a job became
	// due again.
	Sent, Retried int
	// Failures counts the failed jobs by error kind, Errors all attempts that
	// did not end ok.
	Failures, Errors map[domain.ErrorKind]int
	domain.Usage
	// Latency is over all requests that were answered ok.
	Latency Latency
	// Recent is a moving average of the latency.
	Recent time.Duration
	// Spent is what the answers cost, as far as prices are known; Unpriced counts
	// answers whose price is not.
	Spent    domain.Money
	Unpriced int
	// BudgetLeft is what of the budget is left, counting as spent what may have
	// been billed; 0 without a budget.
	BudgetLeft domain.Money
	// Costs is in US dollars for each answer, Seconds how long each request took.
	Costs, Seconds domain.Spread
	// Given counts jobs that were left to another run, Away those of them whose
	// folder could not be reached.
	Given, Away int
	// Slots is how many requests may be in flight now.
	Slots int
	// PausedUntil is when a paused run tries again, Paused why it waits; zero
	// while it is not paused.
	PausedUntil time.Time
	Paused      string
	// Elapsed is the time since the run started, or that it took.
	Elapsed time.Duration
}

// Latency sums up how long answers took.
type Latency struct {
	Mean, P50, P95, P99 time.Duration
}

// progress collects what Progress shows. Memory does not grow with the run.
type progress struct {
	mu                 sync.Mutex
	now                Progress
	startedAt, endedAt time.Time
	run                *run // nil before the start
	latency            *hdrhistogram.Histogram
}

// Latencies are counted in microseconds, up to an hour, with 2 digits.
const slowest = int64(time.Hour / time.Microsecond)

func newProgress() *progress {
	return &progress{
		now:     Progress{Failures: map[domain.ErrorKind]int{}, Errors: map[domain.ErrorKind]int{}},
		latency: hdrhistogram.New(1, slowest, 2),
	}
}

// Progress says how far the run is. It may be called at any time.
func (w *Worker) Progress() Progress {
	p := w.progress
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now
	now.Failures, now.Errors = maps.Clone(p.now.Failures), maps.Clone(p.now.Errors)
	at := func(q float64) time.Duration {
		return time.Duration(p.latency.ValueAtQuantile(q)) * time.Microsecond
	}
	if p.latency.TotalCount() > 0 {
		now.Latency = Latency{
			Mean: time.Duration(p.latency.Mean() * float64(time.Microsecond)),
			P50:  at(50), P95: at(95), P99: at(99),
		}
	}
	if p.run != nil {
		now.Slots = p.run.slots.now()
		now.BudgetLeft = p.run.budget.left()
		now.PausedUntil, now.Paused = p.run.breakers.paused(p.run.models())
	}
	switch {
	case p.startedAt.IsZero():
	case p.endedAt.IsZero():
		now.Elapsed = time.Since(p.startedAt)
	default:
		now.Elapsed = p.endedAt.Sub(p.startedAt)
	}
	return now
}

func (p *progress) start(t time.Time, r *run) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.startedAt, p.run = t, r
}

func (p *progress) end(t time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.endedAt = t
}

func (p *progress) sent() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now.Sent++
	p.now.InFlight++
}

func (p *progress) returned() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now.InFlight--
}

func (p *progress) shared() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now.Done++
	p.now.Shared++
}

// claimed takes jobs that were claimed: some may have been skipped before.
func (p *progress) claimed(jobs []domain.Job) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, j := range jobs {
		if j.Released {
			p.now.Skipped--
		}
	}
}

func (p *progress) skipped() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now.Skipped++
}

// recentWeight is the share of the newest latency in the moving average: about
// the last 20 count.
const recentWeight = 0.1

// ended takes an attempt that is on record.
func (p *progress) ended(e domain.Ending) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now.Usage.Add(e.Answer.Usage)
	if e.Answer.Cost != nil {
		p.now.Spent += *e.Answer.Cost
	} else if e.Err == nil {
		p.now.Unpriced++
	}
	if e.Latency > 0 {
		p.now.Seconds.Add(e.Latency.Seconds())
	}
	if e.Answer.Cost != nil && e.Err == nil {
		p.now.Costs.Add(e.Answer.Cost.Dollars())
	}
	if e.Err != nil {
		p.now.Errors[e.Err.Kind]++
	} else {
		// The bound is an hour, far beyond any timeout; more counts as that.
		_ = p.latency.RecordValue(min(e.Latency.Microseconds(), slowest))
		if p.now.Recent == 0 {
			p.now.Recent = e.Latency
		}
		p.now.Recent += time.Duration(recentWeight * float64(e.Latency-p.now.Recent))
	}
	switch e.Status {
	case domain.Done:
		p.now.Done++
	case domain.Failed:
		p.now.Failed++
		p.now.Failures[e.Err.Kind]++
	case domain.Pending:
		p.now.Retried++
		if e.Release {
			p.now.Given++
			if e.Err.Away {
				p.now.Away++
			}
		}
	}
}
