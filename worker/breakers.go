package worker

import (
	"context"
	"sync"
	"time"
)

// breakers has a breaker for each model: one can be down while another answers.
type breakers struct {
	options Options

	mu      sync.Mutex
	byModel map[string]*breaker
}

func newBreakers(o Options) *breakers {
	return &breakers{options: o, byModel: map[string]*breaker{}}
}

// of gives the breaker of a model.
func (b *breakers) of(model string) *breaker {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.byModel[model] == nil {
		b.byModel[model] = newBreaker(b.options)
	}
	return b.byModel[model]
}

// enter gives the first of the models that can be asked now, or waits for the
// first one while all are paused. probe is as enter of breaker has it.
func (b *breakers) enter(ctx context.Context, models []string) (model string, probe bool, err error) {
	for _, model := range models {
		if entered, probe := b.of(model).tryEnter(); entered {
			return model, probe, nil
		}
	}
	probe, err = b.of(models[0]).enter(ctx)
	return models[0], probe, err
}

// retryAt is when the first of the models may be tried again; zero when one of
// them can be asked now.
func (b *breakers) retryAt(models []string) time.Time {
	var first time.Time
	for _, model := range models {
		at, _ := b.of(model).paused()
		if at.IsZero() || first.IsZero() || at.Before(first) {
			first = at
		}
		if at.IsZero() {
			return first
		}
	}
	return first
}

// paused says when a run goes on to try that waits for every model that it asks,
// and why; zero if it does not.
func (b *breakers) paused(models []string) (until time.Time, why string) {
	for _, model := range models {
		at, reason := b.of(model).paused()
		if at.IsZero() {
			return time.Time{}, ""
		}
		if until.IsZero() || at.Before(until) {
			until, why = at, reason
		}
	}
	return until, why
}
