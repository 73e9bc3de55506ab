package preprocess_test

import (
	"context"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	"vlocal/domain"
	"vlocal/internal/testimage"
	"vlocal/preprocess"
)

// What a crafted file may cost: far more than it does, on a busy machine too, and far
// less than without a bound.
const (
	bombTime   = time.Minute
	bombBudget = 128 << 20
	bombMemory = 3 * bombBudget // with what its reader leaves behind
)

func TestBombsCostLittleAndEndAloneAsWhatTheyAre(t *testing.T) {
	// Those that can be shown; all others are refused.
	shown := map[string]bool{
		"png with a profile": true, "png with a packed text": true, "png with a long text": true,
		"gif of many frames": true, "tiff whose pages go round": true, "jpeg with EXIF in loops": true,
		"heic of one tile a hundred times": true, "tiff that unpacks to much": true, "tiff of CMYK unpacks to much": true,
		"jpeg of many scans": true,
	}
	o := preprocess.Options{Memory: preprocess.NewMemory(bombBudget, 0)}
	for name, data := range testimage.Bombs() {
		t.Run(name, func(t *testing.T) {
			if format, _, _ := strings.Cut(name, " "); format != sniffed(data) {
				t.Fatalf("it is taken for %q", sniffed(data))
			}
			began := time.Now()
			_, err := within(t, o, data)
			kind := domain.KindOf(err)
			t.Logf("%d bytes, %v: %v", len(data), time.Since(began).Round(time.Millisecond), err)
			switch {
			case shown[name] && err != nil:
				t.Errorf("it is not shown: %v", err)
			case shown[name]:
			case kind != domain.Corrupt && kind != domain.TooLarge && kind != domain.Unsupported:
				t.Errorf("it ended with %v", err)
			}
		})
	}
}

func sniffed(data []byte) string {
	format, _ := preprocess.Sniff(data)
	return format
}

// within prepares data while it looks at the memory in use, and fails the test if it
// does not come to an end.
func within(t *testing.T, o preprocess.Options, data []byte) (preprocess.Picture, error) {
	t.Helper()
	type outcome struct {
		p   preprocess.Picture
		err error
	}
	before := inUse()
	ended := make(chan outcome, 1)
	go func() {
		p, err := o.Bytes(context.WithoutCancel(t.Context()), data)
		ended <- outcome{p, err}
	}()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	late := time.After(bombTime)
	peak := before
	for {
		select {
		case out := <-ended:
			if peak > before+bombMemory {
				t.Errorf("it took %d MB", (peak-before)>>20)
			}
			return out.p, out.err
		case <-ticker.C:
			peak = max(peak, inUse())
		case <-late:
			t.Fatalf("it has no end")
		}
	}
}

// inUse is the memory of objects, in bytes, garbage included.
func inUse() int64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	return int64(s[0].Value.Uint64())
}
