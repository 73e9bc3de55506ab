package worker_test

import (
	"context"
	"errors"
	"testing"

	"vlocal/domain"
	"vlocal/worker"
)

// unplug has prepare fail for all images that gone names, as if their drive was not
// there.
func (b *bench) unplug(gone func(name string) bool) {
	prepare := b.prepare
	b.prepare = func(ctx context.Context, j domain.Job) (preparedPicture, error) {
		p, err := prepare(ctx, j)
		if err == nil && gone(string(p.JPEG)) {
			return preparedPicture{}, &domain.Error{Kind: domain.Unreadable, Away: true, Object: j.Image.Path, Err: errors.New("no such file")}
		}
		return p, err
	}
}

func TestImagesThatAreAwayAreLeftAndAFewStopNothing(t *testing.T) {
	b := newBench(t, 60, func(_ context.Context, name string) (domain.Answer, error) { return answer(name) })
	b.unplug(func(name string) bool { return name == "0003.jpg" || name == "0017.jpg" })
	var d told
	o := quick
	o.Decided = d.decided
	p, err := b.start(t.Context(), nil, o)
	if err != nil || p.Done != 58 || p.Failed != 0 || p.Given != 2 || p.Away != 2 {
		t.Errorf("%v; %+v", err, p)
	}
	if got := b.totals().Jobs; got[domain.Pending] != 2 || got[domain.Failed] != 0 {
		t.Errorf("left %v", got)
	}
	if len(d.all[domain.AboutRetries]) == 0 {
		t.Error("nobody was told")
	}
}

func TestDriveThatIsAwayStopsTheRun(t *testing.T) {
	b := newBench(t, 1000, func(_ context.Context, name string) (domain.Answer, error) { return answer(name) })
	b.unplug(func(name string) bool { return name >= "0100.jpg" })
	p, err := b.start(t.Context(), nil, worker.Options{Preparers: 2})
	if e, ok := errors.AsType[*domain.Error](err); !ok || !e.Away {
		t.Fatalf("stopped by %v", err)
	}
	if got := b.totals().Jobs; got[domain.Pending] != 1000-p.Done || p.Done != 100 || p.Errors[domain.Unreadable] > 20 {
		t.Errorf("left %v, %+v", got, p)
	}
}
