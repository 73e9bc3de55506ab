package builtin

import (
	"slices"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/oned"
)

const (
	// lineCount is how many rows, and how many columns, barcodes are looked for
	// on. A bar has to be longer than 1/32 of the picture.
	lineCount = 32
	// lineApart is the distance of the lines that confirm a find, in pixels.
	lineApart = 2
)

// formats are the barcodes that are read: what people call them, with the
// article, and how many of the four lines around a find have to say the same.
// The ones with a weak check of their own, or none, are found in fences and
// blinds too.
var formats = map[gozxing.BarcodeFormat]struct {
	name  string
	lines int
}{
	gozxing.BarcodeFormat_EAN_13:   {"an EAN-13 barcode", 2},
	gozxing.BarcodeFormat_EAN_8:    {"an EAN-8 barcode", 3},
	gozxing.BarcodeFormat_UPC_A:    {"a UPC-A barcode", 2},
	gozxing.BarcodeFormat_CODE_128: {"a Code 128 barcode", 2},
	gozxing.BarcodeFormat_CODE_39:  {"a Code 39 barcode", 3},
	gozxing.BarcodeFormat_ITF:      {"an ITF barcode", 4},
}

// shortest bounds the length of a text from below where the format does not say
// it, for the same reason.
const shortest = 4

// barcodes reads barcodes that lie along or across the picture, in both
// directions, and askew as far as one line crosses all bars.
func barcodes(bits *gozxing.BitMatrix) []code {
	var found []code
	readers := decoders()
	w, h := bits.GetWidth(), bits.GetHeight()
	along := func(y int) *gozxing.BitArray { return bits.GetRow(y, nil) }
	across := func(x int) *gozxing.BitArray {
		line := gozxing.NewBitArray(h)
		for y := range h {
			if bits.Get(x, y) {
				line.Set(y)
			}
		}
		return line
	}
	for _, c := range slices.Concat(barcodesOn(readers, h, along), barcodesOn(readers, w, across)) {
		if !slices.Contains(found, c) {
			found = append(found, c)
		}
	}
	sortCodes(found)
	return found
}

// barcodesOn reads what lineCount of count lines say.
func barcodesOn(readers []oned.RowDecoder, count int, line func(int) *gozxing.BitArray) []code {
	var found []code
	for i := range lineCount {
		at := (2*i + 1) * count / (2 * lineCount)
		on := onLine(readers, line(at))
		on = slices.DeleteFunc(on, func(b bars) bool { return slices.Contains(found, b.code()) })
		if len(on) == 0 {
			continue
		}
		agree := map[bars]int{}
		for _, d := range []int{-2, -1, 1, 2} {
			if y := at + d*lineApart; y >= 0 && y < count {
				for _, b := range onLine(readers, line(y)) {
					agree[b]++
				}
			}
		}
		for _, b := range on {
			if len(b.text) >= shortest && agree[b] >= formats[b.format].lines {
				found = append(found, b.code())
			}
		}
	}
	return found
}

// bars is what a line says.
type bars struct {
	format gozxing.BarcodeFormat
	text   string
}

func (b bars) code() code { return code{formats[b.format].name, b.text} }

// onLine reads a line forwards and backwards. It turns the line round.
func onLine(readers []oned.RowDecoder, line *gozxing.BitArray) []bars {
	var found []bars
	for range 2 {
		for _, r := range readers {
			if result, err := r.DecodeRow(0, line, nil); err == nil {
				found = append(found, bars{result.GetBarcodeFormat(), result.GetText()})
			}
		}
		line.Reverse()
	}
	return found
}

// decoders are the readers of one line. They keep state: each picture needs its
// own.
func decoders() []oned.RowDecoder {
	products := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_POSSIBLE_FORMATS: []gozxing.BarcodeFormat{
		gozxing.BarcodeFormat_EAN_13, gozxing.BarcodeFormat_EAN_8,
	}}
	var out []oned.RowDecoder
	for _, r := range []gozxing.Reader{
		oned.NewMultiFormatUPCEANReader(products), oned.NewCode128Reader(), oned.NewCode39Reader(), oned.NewITFReader(),
	} {
		out = append(out, r.(oned.RowDecoder))
	}
	return out
}
