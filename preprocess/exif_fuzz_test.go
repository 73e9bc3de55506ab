package preprocess

import (
	"math"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"vlocal/internal/testimage"
)

// FuzzEXIF: whatever stands in a picture's metadata, what is told of it is fit for a
// person and for a prompt.
func FuzzEXIF(f *testing.F) {
	scene := testimage.Landscape(8, 8)
	e := testimage.EXIF{Orientation: 6, TakenAt: "2024:05:01 12:33:00", Offset: "+02:00", GPS: true,
		Make: "Canon", Model: "Canon EOS 40D", Lens: "EF 35mm f/2"}
	formats := []string{"jpeg", "png", "tiff", "webp", "heic", "avif", "cr2", "dng", "raf"}
	for i, data := range [][]byte{
		testimage.WithEXIF(testimage.JPEG(scene, 80), e), testimage.WithEXIF(testimage.PNG(scene), e),
		testimage.WithEXIF(testimage.TIFF(scene), e), testimage.WithEXIF(testimage.WebP(scene), e),
		testimage.HEIC(scene, testimage.HEIF{Turns: 1}), []byte("\x00\x00\x00\x1cftypavif"),
		testimage.Raw("cr2", nil, testimage.JPEG(scene, 50), e), testimage.Raw("dng", nil, testimage.JPEG(scene, 50), e),
		testimage.Raw("raf", nil, testimage.JPEG(scene, 50), e),
	} {
		f.Add(byte(i), data)
	}
	f.Fuzz(func(t *testing.T, format byte, data []byte) {
		m := readMetadata(formats[int(format)%len(formats)], data)
		for _, text := range []string{m.takenAt, m.camera, m.lens} {
			if !utf8.ValidString(text) || len(text) > 1000 || strings.ContainsFunc(text, unicode.IsControl) {
				t.Errorf("%q", text)
			}
		}
		if m.orientation < 0 || m.orientation > 8 {
			t.Errorf("orientation %d", m.orientation)
		}
		// The database takes no others.
		if !(math.Abs(m.place.Latitude) <= 90 && math.Abs(m.place.Longitude) <= 180) {
			t.Errorf("place %+v", m.place)
		}
	})
}
