package builtin

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/makiuchi-d/gozxing"
)

const (
	// codesListed bounds how many codes are told.
	codesListed = 5
	// codeRunes bounds how much is told of a code's text. A QR code holds up to
	// 4,296 letters or 7,089 digits (ISO/IEC 18004).
	codeRunes = 300
)

// code is a QR code or a barcode that was read.
type code struct {
	// kind is what people call it, with its article: "a QR code".
	kind string
	// text is what it says, as it stands: whoever made the picture wrote it.
	text string
}

// codesIn reads the codes in a picture: QR codes, barcodes, and a Data Matrix
// where it is what the middle of the picture shows.
func codesIn(p plane) []code {
	var bits *gozxing.BitMatrix
	fenced(func() []code {
		bits = black(p)
		return nil
	})
	if bits == nil {
		return nil
	}
	found := fenced(func() []code { return qrCodes(bits) })
	found = append(found, fenced(func() []code { return barcodes(p) })...)
	if found == nil {
		found = fenced(func() []code { return dataMatrix(bits) })
	}
	if found == nil {
		// White on black, as a dark screen shows it.
		found = fenced(func() []code {
			bits.FlipAll()
			return qrCodes(bits)
		})
	}
	return found
}

// fenced gives what read finds, and nothing if it panics. The library is a
// translation of one that reports damage by exceptions, and not every index in
// it is checked; a picture that it stumbles over is one without a code.
func fenced(read func() []code) (found []code) {
	defer func() {
		if recover() != nil {
			found = nil
		}
	}()
	return read()
}

// say tells the codes in a sentence, with a space before it; "" if there are
// none. The texts are quoted as Go does (strconv.Quote), so that nothing in them
// can end the quotation, begin a line, steer a terminal or turn the reading
// direction.
func say(codes []code) string {
	if len(codes) == 0 {
		return ""
	}
	var parts []string
	for _, c := range codes[:min(len(codes), codesListed)] {
		parts = append(parts, c.kind+" that says "+quote(c.text))
	}
	if more := len(codes) - codesListed; more > 0 {
		parts = append(parts, fmt.Sprintf("%d more", more))
	}
	return " There is " + list(parts) + "."
}

// quote gives a text in quotes, and no more than codeRunes of it.
func quote(text string) string {
	n := 0
	for i := range text {
		if n == codeRunes {
			return strconv.Quote(text[:i]) + " and goes on"
		}
		n++
	}
	return strconv.Quote(text)
}

// black gives the pixels that are dark for their surroundings; nil if there is
// hardly any contrast.
func black(p plane) *gozxing.BitMatrix {
	source, err := gozxing.NewPlanarYUVLuminanceSource(p.pix, p.w, p.h, 0, 0, p.w, p.h, false)
	if err != nil {
		return nil
	}
	bits, err := gozxing.NewHybridBinarizer(source).GetBlackMatrix()
	if err != nil {
		return nil
	}
	return bits
}

// sortCodes orders codes by kind and text, so that one picture has one answer.
func sortCodes(codes []code) {
	slices.SortFunc(codes, func(a, b code) int {
		return cmp.Or(strings.Compare(a.kind, b.kind), strings.Compare(a.text, b.text))
	})
}
