package preprocess_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vlocal/domain"
	"vlocal/internal/testimage"
	"vlocal/preprocess"
	"vlocal/preprocess/jpeg"
)

// atMost says whether a JPEG has no finer steps than a quality gives.
func atMost(t *testing.T, data []byte, quality int) bool {
	t.Helper()
	p, _, err := jpeg.Decode(data, jpeg.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, ok := p.Plain(nil, quality)
	return ok
}

// roads are a picture of 400 x 300 on each way that pictures take.
func roads() map[string][]byte {
	scene := testimage.StillLife(400, 300)
	return map[string][]byte{
		"photo":           testimage.JPEG(scene, 95),
		"turned photo":    testimage.WithEXIF(testimage.JPEG(testimage.Turned(scene, 6), 95), testimage.EXIF{Orientation: 6}),
		"small plain":     testimage.JPEG(scene, 80),
		"grey photo":      testimage.JPEG(testimage.Gray(scene), 95),
		"CMYK photo":      testimage.CMYK(scene),
		"PNG":             testimage.PNG(scene),
		"transparent PNG": testimage.PNG(testimage.Badge(400, 300)),
		"WebP":            testimage.WebP(scene),
	}
}

func TestABoundOnBytesIsKept(t *testing.T) {
	for name, data := range roads() {
		for _, most := range []int{1 << 20, 12_000, 8_000, 5_000, 3_000, 1_800} {
			o := preprocess.Options{MaxBytes: most}
			p, _ := prepare(t, o, data)
			if len(p.JPEG) > most {
				t.Errorf("%s: %d bytes, at most %d may be sent", name, len(p.JPEG), most)
			}
			if d := 4*p.Height - 3*p.Width; d < -4 || d > 4 {
				t.Errorf("%s at most %d: it became %d x %d", name, most, p.Width, p.Height)
			}
			if p.Width < 400 && len(p.JPEG) < most/2 {
				t.Errorf("%s: made as small as %d x %d and %d bytes, where %d may be sent", name, p.Width, p.Height, len(p.JPEG), most)
			}
			if atMost(t, p.JPEG, preprocess.LeastQuality-1) {
				t.Errorf("%s at most %d: the quality is less than %d", name, most, preprocess.LeastQuality)
			}
			again, _ := prepare(t, o, data)
			if !bytes.Equal(p.JPEG, again.JPEG) {
				t.Errorf("%s at most %d: the second time it is another one", name, most)
			}
		}
	}
}

func TestQualityStepsDownBeforeSize(t *testing.T) {
	for name, data := range roads() {
		free, _ := prepare(t, preprocess.Options{}, data)
		least, _ := prepare(t, preprocess.Options{Quality: preprocess.LeastQuality}, data)
		for _, most := range []int{len(free.JPEG) - 1, (len(free.JPEG) + len(least.JPEG)) / 2, len(least.JPEG)} {
			p, _ := prepare(t, preprocess.Options{MaxBytes: most}, data)
			if p.Width != free.Width || p.Height != free.Height {
				t.Errorf("%s at most %d: %d x %d, but quality %d needs %d bytes only",
					name, most, p.Width, p.Height, preprocess.LeastQuality, len(least.JPEG))
			}
			// One quality more is some 3 % more bytes in this range.
			if len(p.JPEG) < most*9/10 {
				t.Errorf("%s: %d bytes, where %d may be sent", name, len(p.JPEG), most)
			}
			if !atMost(t, p.JPEG, 85) {
				t.Errorf("%s at most %d: the quality went up", name, most)
			}
		}
		p, _ := prepare(t, preprocess.Options{MaxBytes: len(least.JPEG) - 1}, data)
		if p.Width >= free.Width || p.Width < free.Width/2 {
			t.Errorf("%s: %d pixels wide, where one byte is missing for %d", name, p.Width, free.Width)
		}
	}
}

func TestABoundThatIsNotReachedChangesNothing(t *testing.T) {
	for name, data := range roads() {
		want, _ := prepare(t, preprocess.Options{}, data)
		got, _ := prepare(t, preprocess.Options{MaxBytes: len(want.JPEG)}, data)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
}

func TestALowerQualityThanTheLeastStays(t *testing.T) {
	data := testimage.PNG(testimage.StillLife(400, 300))
	free, _ := prepare(t, preprocess.Options{Quality: 20}, data)
	p, _ := prepare(t, preprocess.Options{Quality: 20, MaxBytes: len(free.JPEG) - 1}, data)
	if !atMost(t, p.JPEG, 20) || p.Width >= 400 || len(p.JPEG) >= len(free.JPEG) {
		t.Errorf("%d bytes, %d pixels wide, of quality 20: %v", len(p.JPEG), p.Width, atMost(t, p.JPEG, 20))
	}
}

func TestWhatCannotBeMadeToFitIsTooLarge(t *testing.T) {
	for name, data := range map[string][]byte{
		"photo": testimage.JPEG(testimage.StillLife(400, 300), 95),
		"PNG":   testimage.PNG(testimage.StillLife(400, 300)),
		"tiny":  testimage.JPEG(testimage.StillLife(30, 20), 80),
	} {
		p, err := preprocess.Options{MaxBytes: 400}.Bytes(t.Context(), data)
		if domain.KindOf(err) != domain.TooLarge || p.JPEG != nil {
			t.Errorf("%s: %v, and %d bytes", name, err, len(p.JPEG))
		}
		if p.Source.Width == 0 || p.Source.Format == "" {
			t.Errorf("%s: nothing is known of it: %+v", name, p.Source)
		}
	}
	_, err := preprocess.Options{MaxBytes: 400}.Bytes(t.Context(), testimage.JPEG(testimage.Gray(testimage.StillLife(30, 20)), 95))
	const want = "encode: even at 30 x 20 pixels and quality 40 the picture takes 429 bytes; at most 400 may be sent " +
		"(raise --max-bytes, or exclude it)"
	if err == nil || err.Error() != want {
		t.Errorf("error is %q, want %q", err, want)
	}
}
