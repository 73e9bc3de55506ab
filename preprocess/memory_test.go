package preprocess

import (
	"context"
	"errors"
	"image"
	"image/color"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"vlocal/domain"
	"vlocal/internal/testimage"
)

func TestMemoryIsSharedAndLargePicturesGoAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory(100, 500)
		var used, peak, alone atomic.Int64
		var all sync.WaitGroup
		for _, bytes := range []int64{40, 40, 40, 500, 60, 40, 20, 100} {
			all.Go(func() {
				release, err := m.acquire(t.Context(), bytes)
				if err != nil {
					t.Error(err)
					return
				}
				defer release()
				now := used.Add(bytes)
				if bytes >= 100 {
					alone.Add(1)
					if now != bytes {
						t.Errorf("%d bytes beside one of %d", now-bytes, bytes)
					}
				} else {
					peak.Store(max(peak.Load(), now))
				}
				time.Sleep(time.Second)
				used.Add(-bytes)
			})
		}
		all.Wait()
		if peak.Load() > 100 || alone.Load() != 2 {
			t.Errorf("%d bytes at once, %d alone", peak.Load(), alone.Load())
		}
	})
}

func TestWaitForMemoryEndsWithTheRun(t *testing.T) {
	o := Options{Memory: NewMemory(1, 1<<20)}
	release, err := o.Memory.acquire(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	p, err := o.Bytes(ctx, testimage.JPEG(testimage.Landscape(64, 48), 80))
	if domain.KindOf(err) != domain.Interrupted || p.Source.Width != 64 {
		t.Errorf("%+v, %v", p.Source, err)
	}
}

func TestDecodedBytesFollowThePixels(t *testing.T) {
	for name, c := range map[string]struct {
		format string
		model  color.Model
		small  bool
		want   int64
	}{
		"a WebP in colour":    {"webp", color.YCbCrModel, false, 3},
		"in grey":             {"png", color.GrayModel, false, 1},
		"a PNG of 16 bits":    {"png", color.NRGBA64Model, false, 8},
		"a TIFF":              {"tiff", color.RGBAModel, false, 8},
		"one that fits as is": {"png", color.NRGBAModel, true, 8},
	} {
		got := decodedBytes(c.format, image.Config{ColorModel: c.model, Width: 10, Height: 20}, nil, c.small)
		if got != 200*c.want {
			t.Errorf("%s: %d bytes a pixel, want %d", name, got/200, c.want)
		}
	}
}

func TestPictureLargerThanTheBudgetIsDecodedAlone(t *testing.T) {
	photo := testimage.PNG(testimage.Landscape(400, 300))
	o := Options{Memory: NewMemory(10_000, 4<<20)}
	held, err := o.Memory.acquire(t.Context(), 1) // somebody else
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		_, err := o.Bytes(context.WithoutCancel(t.Context()), photo)
		ended <- err
	}()
	select {
	case err := <-ended:
		t.Fatalf("it did not wait: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	held()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestPictureThatCannotBeDecodedEvenAloneIsRefusedByItsHeader(t *testing.T) {
	o := Options{Memory: NewMemory(64_000_000, 128_000_000)}
	p, err := o.Bytes(t.Context(), testimage.Bomb(10_000, 10_000))
	const want = "decode: decoding the picture takes about 401 MB of memory, and at most 128 MB may be used (save a smaller copy of it, or exclude it)"
	if domain.KindOf(err) != domain.TooLarge || err.Error() != want {
		t.Errorf("it ends with %v, want %s", err, want)
	}
	if p.Source.Width != 10_000 || p.Source.Format != "png" {
		t.Errorf("facts are %+v", p.Source)
	}
	need, ok := errors.AsType[*MemoryError](err)
	if !ok {
		t.Fatal("how much it takes is not told")
	}
	o.Memory = NewMemory(need.Need, 0)
	if _, err := o.Bytes(t.Context(), testimage.Bomb(10_000, 10_000)); domain.KindOf(err) != domain.Corrupt { // there is no data
		t.Errorf("with as much as it takes it ends with %v", err)
	}
}

func TestJPEGTakesLessThanItsPixels(t *testing.T) {
	photo := testimage.JPEG(image.NewGray(image.Rect(0, 0, 5_000, 5_000)), 80)
	p, err := Options{Memory: NewMemory(20_000_000, 0)}.Bytes(t.Context(), photo)
	if err != nil || p.Width != 1080 || p.Source.Width != 5_000 {
		t.Errorf("%d of %d pixels: %v", p.Width, p.Source.Width, err)
	}
}
