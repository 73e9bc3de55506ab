package preprocess_test

import (
	"bytes"
	"strings"
	"testing"

	"vlocal/domain"
	"vlocal/internal/testimage"
	"vlocal/preprocess"
)

// What a TIFF says of its size binds the JPEGs in it: one that says more of itself
// is not decoded.
func TestJPEGInTIFFThatIsLargerThanItsPartIsCorrupt(t *testing.T) {
	data := testimage.PlainTIFF(testimage.Landscape(64, 48), testimage.TIFFKind{Colours: 6, Bits: 8, Compression: 7, Tile: 16})
	frame := []byte{0xff, 0xc0, 0x00, 0x11, 0x08}
	at := bytes.Index(data, frame)
	if at < 0 {
		t.Fatal("there is no JPEG in the TIFF")
	}
	if _, err := (preprocess.Options{}).Bytes(t.Context(), data); err != nil {
		t.Fatalf("as it was made: %v", err)
	}
	copy(data[at+len(frame):], []byte{0x10, 0x00, 0x10, 0x00}) // 4096 x 4096
	_, err := preprocess.Options{}.Bytes(t.Context(), data)
	if domain.KindOf(err) != domain.Corrupt || !strings.Contains(err.Error(), "larger than it says") {
		t.Errorf("%v", err)
	}
}
