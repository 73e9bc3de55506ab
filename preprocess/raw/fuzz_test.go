package raw

import (
	"bytes"
	"testing"

	"vlocal/internal/testimage"
)

var formats = []string{"cr2", "cr3", "nef", "arw", "dng", "orf", "raf", "rw2"}

func FuzzOpen(f *testing.F) {
	small, large := testimage.JPEG(testimage.Landscape(8, 8), 50), testimage.JPEG(testimage.Landscape(24, 16), 50)
	e := testimage.EXIF{Orientation: 6, TakenAt: "2024:05:01 12:33:00", Offset: "+02:00"}
	for i, format := range formats {
		f.Add(uint8(i), testimage.Raw(format, small, large, e))
	}
	f.Fuzz(func(t *testing.T, n uint8, data []byte) {
		p, err := Open(formats[int(n)%len(formats)], data)
		if err == nil && (p.Width < 1 || p.Height < 1 || !bytes.HasPrefix(p.JPEG, []byte{0xff, 0xd8})) {
			t.Errorf("a preview of %d x %d, %d bytes", p.Width, p.Height, len(p.JPEG))
		}
		if p.Orientation < 0 || p.Orientation > 8 {
			t.Errorf("orientation %d", p.Orientation)
		}
	})
}

// Directories that name each other must not be read for ever.
func TestLoopsEnd(t *testing.T) {
	loop := []byte("II*\x00\x08\x00\x00\x00" + // the first directory, at 8, has one tag:
		"\x01\x00" + "\x4a\x01\x04\x00\x01\x00\x00\x00\x08\x00\x00\x00" + // SubIFDs: itself
		"\x08\x00\x00\x00") // and comes next, too
	if _, err := Open("nef", loop); err != ErrNoPreview {
		t.Errorf("got %v, want %v", err, ErrNoPreview)
	}
}
