package preprocess_test

import (
	"crypto/sha256"
	"image"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vlocal/domain"
	"vlocal/internal/testimage"
	"vlocal/preprocess"
)

func TestBrokenFilesSayWhatIsWrong(t *testing.T) {
	// What is known of a picture whose header is sound.
	sound := func(format string) domain.Facts {
		return domain.Facts{Format: format, Width: 120, Height: 80}
	}
	const damaged = "decode: the picture is damaged or cut short: "
	broken := testimage.Broken()
	delete(broken, "cut") // is shown as far as it goes, see below
	for name, c := range map[string]struct {
		kind  domain.ErrorKind
		text  string // how the error begins; the rest is the decoder's
		facts domain.Facts
	}{
		"empty": {domain.Corrupt,
			"decode: the file is empty (copy it again from where it came from)", domain.Facts{}},
		"text": {domain.Unsupported,
			"decode: not an image: it looks like text/plain (rename or exclude it, if it is not a picture)", domain.Facts{}},
		"header":      {domain.Corrupt, damaged, domain.Facts{Format: "jpeg"}},
		"damaged":     {domain.Corrupt, damaged, domain.Facts{Format: "jpeg"}},
		"cut png":     {domain.Corrupt, damaged, sound("png")},
		"flipped png": {domain.Corrupt, damaged, sound("png")},
		"cut gif":     {domain.Corrupt, damaged, sound("gif")},
		"cut tiff":    {domain.Corrupt, damaged, domain.Facts{Format: "tiff"}},
		"cut bmp":     {domain.Corrupt, damaged, sound("bmp")},
		"cut webp":    {domain.Corrupt, damaged, sound("webp")},
	} {
		t.Run(name, func(t *testing.T) {
			data := broken[name]
			delete(broken, name)
			p, err := preprocess.Options{}.Bytes(t.Context(), data)
			if got := domain.KindOf(err); got != c.kind {
				t.Fatalf("kind is %q (%v), want %q", got, err, c.kind)
			}
			if text := err.Error(); !strings.HasPrefix(text, c.text) || !strings.HasSuffix(text, ")") {
				t.Errorf("error is %q, want %q and a hint in brackets", text, c.text)
			}
			c.facts.SHA256 = sha256.Sum256(data)
			if diff := cmp.Diff(preprocess.Picture{Source: c.facts}, p); diff != "" {
				t.Errorf("picture (-want +got):\n%s", diff)
			}
		})
	}
	for name := range broken {
		t.Errorf("%q is not in the table", name)
	}
}

func TestForeignFormatsAreUnsupportedWithAHint(t *testing.T) {
	for format, data := range testimage.Foreign() {
		p, err := preprocess.Options{}.Bytes(t.Context(), data)
		if got := domain.KindOf(err); got != domain.Unsupported {
			t.Errorf("%s: kind is %q (%v), want unsupported", format, got, err)
		}
		want := domain.Facts{SHA256: sha256.Sum256(data), Format: format}
		if diff := cmp.Diff(want, p.Source); diff != "" {
			t.Errorf("%s: facts (-want +got):\n%s", format, diff)
		}
	}
	_, err := preprocess.Options{}.Bytes(t.Context(), testimage.Foreign()["jp2"])
	const want = "decode: JP2 pictures cannot be read yet (export it as JPEG)"
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
}

func TestTooManyPixelsAreRefusedBeforeDecoding(t *testing.T) {
	for _, c := range []struct {
		name string
		o    preprocess.Options
		w, h int
		kind domain.ErrorKind
	}{
		{"a bomb", preprocess.Options{}, 60_000, 60_000, domain.TooLarge},
		{"a line that is endless", preprocess.Options{}, 100_000_000, 1, domain.TooLarge},
		{"one above the bound", preprocess.Options{MaxPixels: 5999}, 60, 100, domain.TooLarge},
		{"at the bound", preprocess.Options{MaxPixels: 6000}, 60, 100, domain.Corrupt}, // there is no data
	} {
		t.Run(c.name, func(t *testing.T) {
			start := time.Now()
			p, err := c.o.Bytes(t.Context(), testimage.Bomb(c.w, c.h))
			if got := domain.KindOf(err); got != c.kind {
				t.Errorf("kind is %q (%v), want %q", got, err, c.kind)
			}
			// Decoding the first would take minutes and 14 gigabytes.
			if d := time.Since(start); d > 2*time.Second {
				t.Errorf("it took %v", d)
			}
			if p.Source.Width != c.w || p.Source.Height != c.h {
				t.Errorf("facts say %d x %d, want %d x %d", p.Source.Width, p.Source.Height, c.w, c.h)
			}
		})
	}
}

// Shrinking what it finds takes the fuzzer most of its time here; run it with
// -fuzzminimizetime 10x.
func FuzzBytes(f *testing.F) {
	scene := testimage.Landscape(24, 16)
	e := testimage.EXIF{Orientation: 6, TakenAt: "2024:05:01 12:33:00", Offset: "+02:00", GPS: true}
	for _, data := range [][]byte{
		testimage.JPEG(scene, 80), testimage.PNG(scene), testimage.TIFF(scene), testimage.WebP(scene),
	} {
		f.Add(testimage.WithEXIF(data, e))
		f.Add(testimage.WithProfile(data, testimage.RGBProfile(testimage.DisplayP3)))
	}
	for _, data := range [][]byte{
		testimage.CMYK(scene), testimage.GIF(scene, scene), testimage.BMP(scene), testimage.WebPLossy(),
		testimage.PNG(testimage.Paletted(scene)), testimage.TIFF(testimage.Paletted(scene)),
		testimage.BMP(testimage.Paletted(scene)), testimage.PNG(testimage.Deep(scene)),
	} {
		f.Add(data)
	}
	jpeg := testimage.JPEG(scene, 50)
	for _, format := range []string{"cr2", "cr3", "nef", "dng", "orf", "raf", "rw2"} {
		f.Add(testimage.Raw(format, nil, jpeg, e))
	}
	for _, data := range [][]byte{
		testimage.HEIC(scene, testimage.HEIF{Turns: 1}), testimage.HEIC(scene, testimage.HEIF{Tile: 16}),
		testimage.AnimatedWebP(24, 16, testimage.WebPLossy(), image.Point{}, nil),
		testimage.PlainTIFF(scene, testimage.TIFFKind{Colours: 5, Bits: 8}),
		testimage.PlainTIFF(scene, testimage.TIFFKind{Colours: 6, Bits: 8, Compression: 7}),
	} {
		f.Add(data)
	}
	for _, data := range testimage.Broken() {
		f.Add(data)
	}
	for _, data := range testimage.Foreign() {
		f.Add(data)
	}
	o := preprocess.Options{MaxWidth: 20, MaxHeight: 9, MaxPixels: 1 << 20}
	kinds := map[domain.ErrorKind]bool{
		domain.Unsupported: true, domain.Corrupt: true, domain.TooLarge: true,
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := o.Bytes(t.Context(), data)
		if p.Source.SHA256 != sha256.Sum256(data) {
			t.Error("the hash is not that of the bytes")
		}
		if err != nil {
			if !kinds[domain.KindOf(err)] {
				t.Errorf("kind %q is not about the image: %v", domain.KindOf(err), err)
			}
			return
		}
		if p.Width < 1 || p.Height < 1 || p.Width > 20 || p.Height > 9 {
			t.Errorf("%d x %d does not fit into the box", p.Width, p.Height)
		}
		if p.Source.Width < p.Width || p.Source.Height < p.Height {
			t.Errorf("%d x %d was enlarged to %d x %d", p.Source.Width, p.Source.Height, p.Width, p.Height)
		}
	})
}

// What a browser shows of a JPEG that was cut short, the model is shown too, and
// the row says so; of one of which next to nothing is there, nobody is asked.
func TestDamagedPhotoIsSentAsFarAsItGoes(t *testing.T) {
	whole := testimage.JPEG(testimage.Landscape(1200, 800), 85)
	half := whole[:len(whole)/2]
	p, img := prepare(t, preprocess.Options{MaxWidth: 300, MaxHeight: 300}, half)
	if !strings.Contains(p.Source.Warning, "damaged, and was sent as far as it goes") {
		t.Errorf("its warning is %q", p.Source.Warning)
	}
	_, want := prepare(t, preprocess.Options{MaxWidth: 300, MaxHeight: 300}, whole)
	top := image.Rect(0, 0, 300, 50)
	if d := apart(crop(img, top), crop(want, top)); d > 4 {
		t.Errorf("its upper part is %.1f levels from what it was", d)
	}
	if p, _ := prepare(t, preprocess.Options{}, whole); p.Source.Warning != "" {
		t.Errorf("the whole one has the warning %q", p.Source.Warning)
	}
	_, err := preprocess.Options{}.Bytes(t.Context(), whole[:len(whole)/20])
	if domain.KindOf(err) != domain.Corrupt {
		t.Errorf("a twentieth of it ended with %v", err)
	}
}

func crop(img image.Image, r image.Rectangle) image.Image {
	return img.(interface {
		SubImage(image.Rectangle) image.Image
	}).SubImage(r)
}
