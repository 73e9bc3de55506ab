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
func barcodes(p plane) []code {
	var found []code
	readers := decoders()
	column := make([]byte, p.h)
	along := func(y int) *gozxing.BitArray { return dark(p.row(y)) }
	across := func(x int) *gozxing.BitArray {
		for y := range column {
			column[y] = p.pix[y*p.w+x]
		}
		return dark(column)
	}
	for _, c := range slices.Concat(barcodesOn(readers, p.h, along), barcodesOn(readers, p.w, across)) {
		if !slices.Contains(found, c) {
			found = append(found, c)
		}
	}
	sortCodes(found)
	return found
}

const (
	// finer is how many bits a pixel of a line becomes: the edges of narrow bars
	// lie between the pixels.
	finer = 2
	// lineBlock is the length in pixels that dark and light are told apart over.
	lineBlock = 16
)

// dark gives the parts of a line that are dark for their surroundings. The
// library has this for whole pictures only (there, it makes narrow bars
// uneven), and for lines with one threshold from end to end.
func dark(line []byte) *gozxing.BitArray {
	bits := gozxing.NewBitArray(len(line) * finer)
	for start := 0; start < len(line); start += lineBlock {
		near := line[max(0, start-lineBlock):min(len(line), start+2*lineBlock)]
		low, high := int(slices.Min(near)), int(slices.Max(near))
		if high-low < gozxing.MIN_DYNAMIC_RANGE {
			continue
		}
		for x := start; x < min(start+lineBlock, len(line)); x++ {
			here, next := int(line[x]), int(line[min(x+1, len(line)-1)])
			for i := range finer {
				if 2*(here*(finer-i)+next*i) < (low+high)*finer {
					bits.Set(x*finer + i)
				}
			}
		}
	}
	return bits
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

// barsOf calls an EAN-13 that begins with 0 what it was printed as: a UPC-A.
func barsOf(r *gozxing.Result) bars {
	if text := r.GetText(); r.GetBarcodeFormat() == gozxing.BarcodeFormat_EAN_13 && text[0] == '0' {
		return bars{gozxing.BarcodeFormat_UPC_A, text[1:]}
	}
	return bars{r.GetBarcodeFormat(), r.GetText()}
}

// onLine reads a line forwards and backwards. It turns the line round.
func onLine(readers []oned.RowDecoder, line *gozxing.BitArray) []bars {
	var found []bars
	for range 2 {
		for _, r := range readers {
			if result, err := r.DecodeRow(0, line, nil); err == nil {
				found = append(found, barsOf(result))
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
