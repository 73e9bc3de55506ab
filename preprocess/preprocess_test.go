package preprocess_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vlocal/domain"
	"vlocal/internal/testimage"
	"vlocal/preprocess"
	"vlocal/preprocess/phash"
)

// prepare fails the test unless data becomes a JPEG of the size that the
// picture says, and gives both.
func prepare(t *testing.T, o preprocess.Options, data []byte) (preprocess.Picture, image.Image) {
	t.Helper()
	p, err := o.Bytes(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	img, err := jpeg.Decode(bytes.NewReader(p.JPEG))
	if err != nil {
		t.Fatal(err)
	}
	if got := img.Bounds().Size(); got != image.Pt(p.Width, p.Height) {
		t.Fatalf("the JPEG is %v, the picture says %d x %d", got, p.Width, p.Height)
	}
	if want := phash.Of(img); p.Source.Warning == "" && p.Source.Hash.Distance(want) > 4 {
		t.Fatalf("the hash is %016x, that of the JPEG %016x", p.Source.Hash, want)
	}
	return p, img
}

// apart is how far two images are from each other, per channel and on average,
// in levels of 0 to 255. Different sizes are infinitely far.
func apart(a, b image.Image) float64 {
	ab, bb := a.Bounds(), b.Bounds()
	if ab.Size() != bb.Size() {
		return 256
	}
	sum := 0
	for y := range ab.Dy() {
		for x := range ab.Dx() {
			r1, g1, b1, _ := a.At(ab.Min.X+x, ab.Min.Y+y).RGBA()
			r2, g2, b2, _ := b.At(bb.Min.X+x, bb.Min.Y+y).RGBA()
			for _, d := range []int{int(r1) - int(r2), int(g1) - int(g2), int(b1) - int(b2)} {
				sum += max(d, -d) >> 8
			}
		}
	}
	return float64(sum) / float64(3*ab.Dx()*ab.Dy())
}

// onWhite is img without its transparency, computed the plain way.
func onWhite(img image.Image) image.Image {
	out := image.NewRGBA(image.Rect(0, 0, img.Bounds().Dx(), img.Bounds().Dy()))
	draw.Draw(out, out.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(out, out.Rect, img, img.Bounds().Min, draw.Over)
	return out
}

func TestEveryFormatKeepsItsPicture(t *testing.T) {
	scene := testimage.Landscape(150, 100)
	badge := testimage.Badge(150, 100)
	for _, c := range []struct {
		name, format string
		data         []byte
		want         image.Image
		within       float64
	}{
		{"jpeg", "jpeg", testimage.JPEG(scene, 95), scene, 3},
		{"jpeg grey", "jpeg", testimage.JPEG(testimage.Gray(scene), 95), testimage.Gray(scene), 2},
		{"jpeg cmyk", "jpeg", testimage.CMYK(scene), scene, 4},
		{"png", "png", testimage.PNG(scene), scene, 2.5},
		{"png interlaced", "png", testimage.InterlacedPNG(scene), scene, 2.5},
		{"png 16 bits", "png", testimage.PNG(testimage.Deep(scene)), scene, 2.5},
		{"png 16 bits transparent", "png", testimage.PNG(testimage.Deep(badge)), onWhite(badge), 2.5},
		{"png grey", "png", testimage.PNG(testimage.Gray(scene)), testimage.Gray(scene), 2},
		{"png palette", "png", testimage.PNG(testimage.Paletted(scene)), testimage.Paletted(scene), 5},
		{"png palette transparent", "png", testimage.PNG(testimage.Paletted(badge)), onWhite(testimage.Paletted(badge)), 3},
		{"png transparent", "png", testimage.PNG(badge), onWhite(badge), 2.5},
		{"gif", "gif", testimage.GIF(scene), testimage.Paletted(scene), 5},
		{"gif transparent", "gif", testimage.GIF(badge), onWhite(testimage.Paletted(badge)), 3},
		{"tiff", "tiff", testimage.TIFF(scene), scene, 2.5},
		{"tiff 16 bits", "tiff", testimage.TIFF(testimage.Deep(scene)), scene, 2.5},
		{"tiff transparent", "tiff", testimage.TIFF(badge), onWhite(badge), 2.5},
		{"bmp", "bmp", testimage.BMP(scene), scene, 2.5},
		{"bmp palette", "bmp", testimage.BMP(testimage.Paletted(scene)), testimage.Paletted(scene), 5},
		{"webp", "webp", testimage.WebP(scene), scene, 2.5},
		{"webp transparent", "webp", testimage.WebP(badge), onWhite(badge), 2.5},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, img := prepare(t, preprocess.Options{Quality: 95}, c.data)
			if d := apart(img, c.want); d > c.within {
				t.Errorf("the JPEG is %.2f levels from the original, want at most %.2f", d, c.within)
			}
			want := domain.Facts{SHA256: sha256.Sum256(c.data), Width: 150, Height: 100, Format: c.format, Hash: p.Source.Hash}
			if diff := cmp.Diff(want, p.Source); diff != "" {
				t.Errorf("facts (-want +got):\n%s", diff)
			}
		})
	}
}

// In lossy WebP white is level 235 and black 16; shown as they stand, every
// such picture would be dull.
func TestLossyWebPHasFullContrast(t *testing.T) {
	_, img := prepare(t, preprocess.Options{Quality: 95}, testimage.WebPLossy())
	scene := testimage.Landscape(48, 32)
	draw.Draw(scene, image.Rect(24, 0, 48, 32), image.White, image.Point{}, draw.Src)
	if d := apart(img, scene); d > 4 {
		t.Errorf("the JPEG is %.2f levels from the original", d)
	}
}

func TestFirstFrameOfGIF(t *testing.T) {
	red := image.NewUniform(color.RGBA{200, 30, 30, 255})
	frame := func(c image.Image) *image.Paletted {
		img := image.NewRGBA(image.Rect(0, 0, 40, 30))
		draw.Draw(img, img.Rect, c, image.Point{}, draw.Src)
		return testimage.Paletted(img)
	}
	t.Run("of several", func(t *testing.T) {
		_, img := prepare(t, preprocess.Options{}, testimage.GIF(frame(red), frame(image.Black)))
		if d := apart(img, frame(red)); d > 3 {
			t.Errorf("%.2f levels from the first frame", d)
		}
	})
	t.Run("smaller than the screen", func(t *testing.T) {
		want := image.NewRGBA(image.Rect(0, 0, 96, 64))
		draw.Draw(want, want.Rect, image.White, image.Point{}, draw.Src)
		draw.Draw(want, image.Rect(32, 16, 72, 46), frame(red), image.Point{}, draw.Src)
		_, img := prepare(t, preprocess.Options{Quality: 95}, testimage.GIFInset(96, 64, 32, 16, frame(red)))
		if d := apart(img, want); d > 3 {
			t.Errorf("%.2f levels from the frame in its place on white", d)
		}
	})
}

func TestEveryOrientationComesOutUpright(t *testing.T) {
	scene := testimage.Landscape(150, 100)
	formats := map[string]func(image.Image) []byte{
		"jpeg": func(img image.Image) []byte { return testimage.JPEG(img, 98) },
		"png":  testimage.PNG, "tiff": testimage.TIFF, "webp": testimage.WebP,
	}
	for _, o := range []preprocess.Options{
		{Quality: 95}, // as large as it is
		// Narrower than the picture and much lower than wide, so that a box
		// that was not swapped shows.
		{MaxWidth: 90, MaxHeight: 50, Quality: 95},
	} {
		_, want := prepare(t, o, testimage.PNG(scene))
		for format, encode := range formats {
			for orientation := 1; orientation <= 8; orientation++ {
				data := testimage.WithEXIF(encode(testimage.Turned(scene, orientation)),
					testimage.EXIF{
						Orientation: orientation, TakenAt: "2024:05:01 12:33:00", Offset: "+02:00",
						Make: "Canon", Model: "Canon EOS 40D", Lens: "EF 35mm f/2",
						GPS: true, NorthSouth: "S", EastWest: "W",
					})
				p, img := prepare(t, o, data)
				if d := apart(img, want); d > 3 {
					t.Errorf("%s orientation %d: %.2f levels from the upright picture", format, orientation, d)
				}
				facts := domain.Facts{
					SHA256: sha256.Sum256(data), Width: 150, Height: 100, Format: format,
					Orientation: orientation, TakenAt: "2024-05-01T12:33:00+02:00",
					Camera: "Canon EOS 40D", Lens: "EF 35mm f/2",
					Place: domain.Place{Latitude: -(47 + 33.0/60 + 21.0/3600), Longitude: -(13 + 38.0/60 + 57.0/3600), Known: true},
					Hash:  p.Source.Hash,
				}
				if diff := cmp.Diff(facts, p.Source); diff != "" {
					t.Errorf("%s orientation %d: facts (-want +got):\n%s", format, orientation, diff)
				}
			}
		}
	}
}

func TestTransparencyHasNoHalo(t *testing.T) {
	badge := testimage.Badge(400, 400)
	o := preprocess.Options{MaxWidth: 61, MaxHeight: 61, Quality: 98}
	_, want := prepare(t, o, testimage.PNG(onWhite(badge)))
	_, got := prepare(t, o, testimage.PNG(badge))
	if d := apart(got, want); d > 1 {
		t.Errorf("%.2f levels from the picture that was laid on white first", d)
	}
	if r, g, b, _ := got.At(0, 0).RGBA(); min(r, g, b)>>8 < 253 {
		t.Errorf("the transparent corner is %v, want white", got.At(0, 0))
	}
}

func TestFitsIntoTheBox(t *testing.T) {
	for _, c := range []struct {
		name             string
		w, h, maxW, maxH int
		wantW, wantH     int
	}{
		{"smaller is not enlarged", 40, 30, 1920, 1080, 40, 30},
		{"the same stays", 64, 48, 64, 48, 64, 48},
		{"wide", 200, 50, 100, 100, 100, 25},
		{"high", 50, 200, 100, 100, 25, 100},
		{"odd box", 300, 200, 101, 67, 101, 67},
		{"a box lower than wide", 300, 200, 300, 7, 11, 7},
		{"one pixel", 300, 200, 1, 1, 1, 1},
		{"a line keeps its height", 3000, 1, 100, 100, 100, 1},
		{"a column keeps its width", 1, 3000, 100, 100, 1, 100},
		{"defaults", 4000, 500, 0, 0, 1920, 240},
		{"default height", 500, 4320, 0, 0, 125, 1080},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := preprocess.Options{MaxWidth: c.maxW, MaxHeight: c.maxH}
			p, _ := prepare(t, o, testimage.PNG(image.NewGray(image.Rect(0, 0, c.w, c.h))))
			if diff := cmp.Diff([]int{c.wantW, c.wantH}, []int{p.Width, p.Height}); diff != "" {
				t.Errorf("size (-want +got):\n%s", diff)
			}
			if p.Source.Width != c.w || p.Source.Height != c.h {
				t.Errorf("source is %d x %d, want %d x %d", p.Source.Width, p.Source.Height, c.w, c.h)
			}
		})
	}
}

func TestQualityHasEffect(t *testing.T) {
	data := testimage.PNG(testimage.StillLife(200, 150))
	size := func(quality int) int {
		p, _ := prepare(t, preprocess.Options{Quality: quality}, data)
		return len(p.JPEG)
	}
	if low, normal, high := size(30), size(85), size(98); low >= normal || normal >= high {
		t.Errorf("sizes at quality 30, 85 and 98 are %d, %d and %d bytes, want them to grow", low, normal, high)
	}
	if size(0) != size(85) {
		t.Error("no quality is not the same as 85")
	}
}

// segments lists the markers of a JPEG up to its first scan.
func segments(t *testing.T, data []byte) []byte {
	t.Helper()
	var out []byte
	for at := 2; at+4 <= len(data) && data[at] == 0xff; {
		out = append(out, data[at+1])
		if data[at+1] == 0xda {
			return out
		}
		at += 2 + int(data[at+2])<<8 + int(data[at+3])
	}
	t.Fatal("the JPEG has no scan")
	return nil
}

func TestNoMetadataLeaves(t *testing.T) {
	data := testimage.JPEG(testimage.Landscape(80, 60), 90)
	data = testimage.WithSegment(data, 0xfe, []byte("SECRET comment"))
	data = testimage.WithSegment(data, 0xe2, []byte("ICC_PROFILE\x00\x01\x01SECRET profile"))
	data = testimage.WithSegment(data, 0xe1, []byte("http://ns.adobe.com/xap/1.0/\x00<x>SECRET</x>"))
	data = testimage.WithEXIF(data, testimage.EXIF{Orientation: 1, TakenAt: "2024:05:01 12:33:00", GPS: true})
	for name, o := range map[string]preprocess.Options{
		"as large": {}, "smaller": {MaxWidth: 40, MaxHeight: 40},
	} {
		p, _ := prepare(t, o, data)
		// Quantization tables, baseline frame, Huffman tables, scan: nothing else.
		if diff := cmp.Diff([]byte{0xdb, 0xc0, 0xc4, 0xda}, slices.Compact(segments(t, p.JPEG))); diff != "" {
			t.Errorf("%s: segments (-want +got):\n%s", name, diff)
		}
		for _, word := range []string{"SECRET", "Exif", "2024:05:01", "ICC_PROFILE", "adobe"} {
			if bytes.Contains(p.JPEG, []byte(word)) {
				t.Errorf("%s: the JPEG holds %q", name, word)
			}
		}
	}
}

func TestCancelledIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := preprocess.Options{}.Bytes(ctx, testimage.PNG(testimage.Landscape(8, 8)))
	if domain.KindOf(err) != domain.Interrupted || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want an interruption by context.Canceled", err)
	}
}

func BenchmarkTwelveMegapixelJPEG(b *testing.B) {
	data := testimage.JPEG(testimage.Landscape(4032, 3024), 85)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (preprocess.Options{}).Bytes(b.Context(), data); err != nil {
			b.Fatal(err)
		}
	}
}

// What is cut off looks alike in all damaged pictures.
func TestDamagedPicturesHaveNoHash(t *testing.T) {
	whole := testimage.JPEG(testimage.StillLife(400, 300), 85)
	p, _ := prepare(t, preprocess.Options{}, whole[:len(whole)*2/3])
	if p.Source.Warning == "" || p.Source.Hash != 0 {
		t.Errorf("facts are %+v", p.Source)
	}
}

// Copies of a photo as programs make them are alike, whatever their format and
// however they store how it is turned.
func TestCopiesOfAPhotoHaveAlikeHashes(t *testing.T) {
	scene := testimage.StillLife(900, 600)
	original, _ := prepare(t, preprocess.Options{}, testimage.JPEG(scene, 92))
	for name, data := range map[string][]byte{
		"smaller":   testimage.JPEG(testimage.StillLife(300, 200), 60),
		"PNG":       testimage.PNG(scene),
		"WebP":      testimage.WebP(scene),
		"TIFF":      testimage.TIFF(scene),
		"its side":  testimage.WithEXIF(testimage.JPEG(testimage.Turned(scene, 6), 92), testimage.EXIF{Orientation: 6}),
		"PNG, side": testimage.WithEXIF(testimage.PNG(testimage.Turned(scene, 8)), testimage.EXIF{Orientation: 8}),
	} {
		p, _ := prepare(t, preprocess.Options{MaxWidth: 400, MaxHeight: 300}, data)
		if d := p.Source.Hash.Distance(original.Source.Hash); d > 4 {
			t.Errorf("%s: %d bits from the original", name, d)
		}
	}
	other, _ := prepare(t, preprocess.Options{}, testimage.JPEG(testimage.Landscape(900, 600), 92))
	if d := other.Source.Hash.Distance(original.Source.Hash); d < 16 {
		t.Errorf("another photo: %d bits", d)
	}
}
