package worker_test

import (
	"context"
	"crypto/sha256"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vlocal/domain"
	"vlocal/preprocess"
	"vlocal/store"
	"vlocal/worker"
)

// looking has every picture of the tens of its name look alike: 0010.jpg and 0019.jpg
// do, 0020.jpg does not.
func looking(_ context.Context, j domain.Job) (preprocess.Picture, error) {
	name := filepath.Base(j.Image.Path)
	// Bytes of a hash, so that pictures of two tens are some 32 bits apart.
	sum := sha256.Sum256([]byte(name[:3]))
	hash := domain.PerceptualHash(1)
	for _, b := range sum[:7] {
		hash = hash<<8 | domain.PerceptualHash(b)
	}
	hash ^= domain.PerceptualHash(name[3]) & 3 // and 2 bits within one
	return preprocess.Picture{
		Picture: domain.Picture{JPEG: []byte(name)},
		Source:  domain.Facts{SHA256: sha256.Sum256([]byte(name)), Width: 1, Height: 1, Hash: hash},
	}, nil
}

// oneOfAlike works through a run that asks one of alike images.
func (b *bench) oneOfAlike(o worker.Options) worker.Progress {
	b.t.Helper()
	b.prepare = looking
	run, err := b.store.StartRun(b.t.Context(), b.task, "http://localhost/v1", store.Scope{OneOfAlike: true})
	if err != nil {
		b.t.Fatal(err)
	}
	w := worker.New(run, b, b.prepare, b.task, o)
	if err := w.Run(b.t.Context(), nil); err != nil {
		b.t.Error(err)
	}
	if err := run.Close(b.t.Context(), nil); err != nil {
		b.t.Fatal(err)
	}
	return w.Progress()
}

func TestOneOfEachAlikeGroupIsAsked(t *testing.T) {
	b := newBench(t, 100, func(_ context.Context, name string) (domain.Answer, error) { return answer(name) })
	p := b.oneOfAlike(quick)
	if p.Done != 10 || p.Skipped != 90 || p.Failed != 0 || b.sent.Load() != 10 {
		t.Errorf("%d requests; %+v", b.sent.Load(), p)
	}
	if diff := cmp.Diff(map[domain.Status]int{domain.Done: 10, domain.Skipped: 90}, b.totals().Jobs); diff != "" {
		t.Error(diff)
	}
	if given, back := b.admitted.Load(), b.withdrawn.Load(); given-back != 10 {
		t.Errorf("%d permits, %d given back, 10 used", given, back)
	}
}

// Of a group whose first images fail the next ones are asked, in the same run, until
// one is answered.
func TestAlikeImagesAreNotLostWhenTheOneFails(t *testing.T) {
	b := newBench(t, 40, func(_ context.Context, name string) (domain.Answer, error) {
		if name[2] == '1' || name[2] == '2' && name[3] < '8' {
			return fails(domain.Refused)
		}
		return answer(name)
	})
	o := quick
	o.Concurrency, o.Preparers = 1, 1
	p := b.oneOfAlike(o)
	// Of the first and last ten one is answered; none of the second; the ninth or
	// tenth of the third, unless it was asked before the first failed.
	got := b.totals().Jobs
	if got[domain.Done] != 3 || got[domain.Pending] != 0 || got[domain.Failed] < 10 || got[domain.Skipped] < 19 {
		t.Errorf("on record: %v", got)
	}
	if diff := cmp.Diff(got, map[domain.Status]int{domain.Done: p.Done, domain.Failed: p.Failed, domain.Skipped: p.Skipped}); diff != "" {
		t.Errorf("on record and counted: %s", diff)
	}
	if int(b.sent.Load()) != p.Done+p.Failed {
		t.Errorf("%d requests for %+v", b.sent.Load(), p)
	}
}

// With many slots an image is often found to look like one that is being asked about,
// and fails then.
func TestEveryImageIsSettledHoweverTheOnesFail(t *testing.T) {
	b := newBench(t, 90, func(_ context.Context, name string) (domain.Answer, error) {
		if name[3]%3 != 0 {
			return fails(domain.Refused)
		}
		return answer(name)
	})
	p := b.oneOfAlike(quick)
	got := b.totals().Jobs
	if got[domain.Done] != 9 || p.Done+p.Failed+p.Skipped != 90 || got[domain.Failed] != p.Failed {
		t.Errorf("on record %v; counted %+v", got, p)
	}
}
