package testimage

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"maps"
	"testing"

	"github.com/bep/imagemeta"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"
)

func TestWebPKeepsEveryPixel(t *testing.T) {
	for _, size := range []image.Point{{1, 1}, {7, 3}, {120, 90}} {
		want := Badge(size.X, size.Y)
		got, err := webp.Decode(bytes.NewReader(WebP(want)))
		if err != nil {
			t.Fatalf("%v: %v", size, err)
		}
		if !bytes.Equal(got.(*image.NRGBA).Pix, want.Pix) {
			t.Errorf("%v: the pixels changed", size)
		}
	}
}

func TestLossyWebPIsTransparentOnItsRight(t *testing.T) {
	img, err := webp.Decode(bytes.NewReader(WebPLossy()))
	if err != nil {
		t.Fatal(err)
	}
	alpha := func(x int) uint8 { return img.(*image.NYCbCrA).A[x] }
	if alpha(10) != 255 || alpha(40) != 0 {
		t.Errorf("alpha is %d on the left and %d on the right, want 255 and 0", alpha(10), alpha(40))
	}
}

func TestCMYKHasFourInks(t *testing.T) {
	red := image.NewRGBA(image.Rect(0, 0, 20, 12))
	for i := range red.Pix {
		red.Pix[i] = []uint8{204, 0, 0, 255}[i%4]
	}
	img, err := jpeg.Decode(bytes.NewReader(CMYK(red)))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := img.At(9, 9), color.Color(color.CMYKModel.Convert(red.At(9, 9))); got != want {
		t.Errorf("the pixel is %v, want %v", got, want)
	}
}

// tags reads the metadata of a file, by another's reader.
func tags(t *testing.T, format imagemeta.ImageFormat, file []byte) map[string]any {
	t.Helper()
	out := map[string]any{}
	_, err := imagemeta.Decode(imagemeta.Options{
		R: bytes.NewReader(file), ImageFormat: format, Sources: imagemeta.EXIF,
		ShouldHandleTag: func(imagemeta.TagInfo) bool { return true },
		HandleTag:       func(i imagemeta.TagInfo) error { out[i.Tag] = i.Value; return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestEXIFIsWhereReadersLookForIt(t *testing.T) {
	scene := Landscape(31, 17)
	e := EXIF{Orientation: 6, TakenAt: "2024:05:01 12:33:00", Offset: "+02:00", GPS: true}
	want := map[string]any{
		"Orientation": uint16(6), "DateTimeOriginal": "2024:05:01 12:33:00", "OffsetTimeOriginal": "+02:00",
		"GPSLatitudeRef": "N", "GPSLatitude": 47 + 33/60. + 21/3600.,
		"GPSLongitudeRef": "E", "GPSLongitude": 13 + 38/60. + 57/3600.,
	}
	for _, c := range []struct {
		format imagemeta.ImageFormat
		plain  []byte
		decode func([]byte) (image.Image, error)
	}{
		{imagemeta.JPEG, JPEG(scene, 80), func(b []byte) (image.Image, error) { return jpeg.Decode(bytes.NewReader(b)) }},
		{imagemeta.PNG, PNG(scene), func(b []byte) (image.Image, error) { return png.Decode(bytes.NewReader(b)) }},
		{imagemeta.TIFF, TIFF(scene), func(b []byte) (image.Image, error) { return tiff.Decode(bytes.NewReader(b)) }},
		{imagemeta.WebP, WebP(scene), func(b []byte) (image.Image, error) { return webp.Decode(bytes.NewReader(b)) }},
	} {
		file := WithEXIF(c.plain, e)
		got := tags(t, c.format, file)
		// A TIFF has tags of its own.
		maps.DeleteFunc(got, func(k string, _ any) bool { _, ok := want[k]; return !ok })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%v: tags (-want +got):\n%s", c.format, diff)
		}
		before, err := c.decode(c.plain)
		if err != nil {
			t.Fatal(err)
		}
		after, err := c.decode(file)
		if err != nil {
			t.Fatalf("%v with EXIF: %v", c.format, err)
		}
		if !cmp.Equal(PNG(before), PNG(after)) {
			t.Errorf("%v: the metadata changed the picture", c.format)
		}
	}
	if WithEXIF(BMP(scene), e) != nil {
		t.Error("a BMP was given metadata, which it cannot hold")
	}
}

func TestTurnedMovesTheCornersAsTheStandardSays(t *testing.T) {
	// a b c
	// d e f
	img := image.NewNRGBA(image.Rect(0, 0, 3, 2))
	for i := range 6 {
		img.SetNRGBA(i%3, i/3, color.NRGBA{uint8('a' + i), 0, 0, 255})
	}
	for o, want := range map[int]string{
		0: "abc/def/", 1: "abc/def/", 2: "cba/fed/", 3: "fed/cba/", 4: "def/abc/",
		5: "ad/be/cf/", 6: "cf/be/ad/", 7: "fc/eb/da/", 8: "da/eb/fc/",
	} {
		stored := Turned(img, o)
		got := ""
		for y := range stored.Rect.Dy() {
			for x := range stored.Rect.Dx() {
				got += string(rune(stored.NRGBAAt(x, y).R))
			}
			got += "/"
		}
		if got != want {
			t.Errorf("orientation %d stores %s, want %s", o, got, want)
		}
	}
}

func TestScenesAreTheSameEveryTime(t *testing.T) {
	for name, scene := range map[string]func(w, h int) *image.NRGBA{
		"landscape": Landscape, "still life": StillLife, "receipt": Receipt, "chart": Chart, "badge": Badge,
	} {
		a, b := scene(64, 48), scene(64, 48)
		if !bytes.Equal(a.Pix, b.Pix) {
			t.Errorf("%s differs from itself", name)
		}
		colours := map[color.NRGBA]bool{}
		for y := range 48 {
			for x := range 64 {
				colours[a.NRGBAAt(x, y)] = true
			}
		}
		if len(colours) < 10 {
			t.Errorf("%s has %d colours", name, len(colours))
		}
		if got := scene(0, 0).Bounds(); !got.Empty() {
			t.Errorf("%s without size is %v", name, got)
		}
	}
}

func TestImpossiblePicturesAreNil(t *testing.T) {
	none := image.NewNRGBA(image.Rect(0, 0, 0, 0))
	for name, data := range map[string][]byte{
		"png": PNG(none), "webp": WebP(none), "gif": GIF(),
		"jpeg": JPEG(image.NewGray(image.Rect(0, 0, 70_000, 1)), 80),
		"cmyk": CMYK(image.NewGray(image.Rect(0, 0, 70_000, 1))),
	} {
		if data != nil {
			t.Errorf("%s gave %d bytes", name, len(data))
		}
	}
}
