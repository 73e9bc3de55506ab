package preprocess

import (
	"context"
	"errors"
	"image"
	"image/color"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vlocal/domain"
	"vlocal/internal/testimage"
)

func TestPanicsBecomeCorrupt(t *testing.T) {
	bad := codec{
		size:   func(io.Reader) (image.Config, error) { panic("header") },
		decode: func(context.Context, []byte) (image.Image, error) { panic(errors.New("body")) },
	}
	_, sizeErr := bad.sizeSafely(nil)
	_, decodeErr := bad.decodeSafely(t.Context(), nil)
	// An image whose buffer is shorter than its bounds say.
	short := codec{decode: func(context.Context, []byte) (image.Image, error) {
		return &image.NRGBA{Pix: make([]uint8, 10), Stride: 40, Rect: image.Rect(0, 0, 10, 10)}, nil
	}}
	_, shortErr := short.decodeSafely(t.Context(), nil)
	_, renderErr := Options{}.withDefaults().render(panicking{image.White}, 0, nil)
	for name, err := range map[string]error{
		"size": sizeErr, "decode": decodeErr, "short buffer": shortErr, "render": renderErr,
	} {
		if domain.KindOf(err) != domain.Corrupt || !errors.Is(err, errPanicked) {
			t.Errorf("%s: got %v, want corrupt by a panic", name, err)
		}
	}
}

// panicking is an image that cannot be looked at.
type panicking struct{ *image.Uniform }

func (panicking) Bounds() image.Rectangle { panic("bounds") }

// Were imaging to meet an index beyond the palette, it would panic in a
// goroutine of its own, and take the program with it.
func TestIndexBeyondThePaletteIsBlack(t *testing.T) {
	p := image.NewPaletted(image.Rect(0, 0, 64, 64), color.Palette{color.White})
	for i := range p.Pix {
		p.Pix[i] = 200
	}
	c := codec{decode: func(context.Context, []byte) (image.Image, error) { return p, nil }}
	img, err := c.decodeSafely(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{MaxWidth: 16, MaxHeight: 16}.withDefaults()
	if _, err := o.render(img, 0, nil); err != nil {
		t.Fatal(err)
	}
	if got := color.NRGBAModel.Convert(img.At(3, 3)); got != (color.NRGBA{A: 255}) {
		t.Errorf("the pixel is %v, want black", got)
	}
	if len(p.Palette) != 1 {
		t.Error("the decoder's palette was changed")
	}
}

func TestDatesOfEXIF(t *testing.T) {
	for _, c := range []struct{ taken, offset, want string }{
		{"2024:05:01 12:33:00", "", "2024-05-01T12:33:00"},
		{"2024:05:01 12:33:00", "+02:00", "2024-05-01T12:33:00+02:00"},
		{"2024:05:01 12:33:00", "-09:30", "2024-05-01T12:33:00-09:30"},
		{"2024:05:01 12:33:00", "   :  ", "2024-05-01T12:33:00"},
		{"2024:05:01 12:33:00", "nonsense", "2024-05-01T12:33:00"},
		{"0000:00:00 00:00:00", "+02:00", ""},
		{"0001:01:01 00:00:00", "", ""},
		{"2024:13:45 12:33:00", "", ""},
		{"    :  :     :  :  ", "", ""},
		{"", "+02:00", ""},
	} {
		e := testimage.EXIF{Orientation: 1, TakenAt: c.taken, Offset: c.offset}
		data := testimage.WithEXIF(testimage.JPEG(image.NewGray(image.Rect(0, 0, 8, 8)), 80), e)
		want := metadata{orientation: 1, takenAt: c.want}
		if got := readMetadata("jpeg", data); got != want {
			t.Errorf("%q %q gives %+v, want %+v", c.taken, c.offset, got, want)
		}
	}
}

func TestBrokenMetadataIsAsGoodAsNone(t *testing.T) {
	plain := testimage.JPEG(testimage.Landscape(16, 8), 80)
	whole := testimage.WithEXIF(plain, testimage.EXIF{Orientation: 6, TakenAt: "2024:05:01 12:33:00"})
	for name, data := range map[string][]byte{
		"orientation 0":  testimage.WithEXIF(plain, testimage.EXIF{Orientation: 60000}),
		"no directory":   testimage.WithSegment(plain, 0xe1, []byte("Exif\x00\x00II*\x00\x08\x00\x00\x00")),
		"no header":      testimage.WithSegment(plain, 0xe1, []byte("Exif\x00\x00")),
		"wild offset":    testimage.WithSegment(plain, 0xe1, []byte("Exif\x00\x00II*\x00\xff\xff\xff\xff")),
		"unknown type":   testimage.WithSegment(plain, 0xe1, []byte("Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x99\x00\x01\x00\x00\x00\x06\x00\x00\x00")),
		"none":           plain,
		"text as number": []byte(strings.Replace(string(whole), "\x12\x01\x03\x00", "\x12\x01\x02\x00", 1)),
	} {
		p, err := Options{}.Bytes(t.Context(), data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if p.Source.Orientation != 0 || p.Width != 16 || p.Height != 8 {
			t.Errorf("%s: orientation %d, %d x %d; want none, 16 x 8", name, p.Source.Orientation, p.Width, p.Height)
		}
	}
}

// endless is a file that grows as fast as it is read.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestFileThatGrowsIsBounded(t *testing.T) {
	_, err := readUpTo(endless{}, 10, 10_000)
	if domain.KindOf(err) != domain.TooLarge {
		t.Errorf("got %v, want too_large", err)
	}
}

func TestReadingFailsHalfway(t *testing.T) {
	r := io.MultiReader(strings.NewReader("half"), failing{})
	_, err := readUpTo(r, 10, 100)
	const want = "read: input/output error (see whether the disk or the network share is in order, then retry)"
	if domain.KindOf(err) != domain.Unreadable {
		t.Fatalf("got %v, want unreadable", err)
	}
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) {
	return 0, &os.PathError{Op: "read", Path: "x", Err: errors.New("input/output error")}
}
