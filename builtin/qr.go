package builtin

import (
	"cmp"
	"math"
	"slices"

	"github.com/makiuchi-d/gozxing"
	matrixdecoder "github.com/makiuchi-d/gozxing/datamatrix/decoder"
	matrixdetector "github.com/makiuchi-d/gozxing/datamatrix/detector"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
	"github.com/makiuchi-d/gozxing/qrcode/detector"
)

// The library's own search for a QR code takes the cube of the number of places
// that look like a corner, which a noisy picture has by the thousand
// (https://github.com/zxing/zxing/issues/1567), and trusts the one best triple.
// So the search stands here, with bounds, and only the parts are the library's.
// A photo has hundreds of crossings, rarely a dozen corners.
const (
	// maxCrossings bounds how many places in a picture are looked at closely.
	maxCrossings = 6_000
	// maxCorners bounds how many corners are combined.
	maxCorners = 60
	// maxTries bounds how many triples of corners are read.
	maxTries = 30
)

// dataMatrix reads a Data Matrix that lies in the middle of the picture, with
// nothing dark around it: the library looks nowhere else.
func dataMatrix(bits *gozxing.BitMatrix) []code {
	search, err := matrixdetector.NewDetector(bits)
	if err != nil {
		return nil
	}
	seen, err := search.Detect()
	if err != nil {
		return nil
	}
	result, err := matrixdecoder.NewDecoder().Decode(seen.GetBits())
	if err != nil {
		return nil
	}
	return []code{{"a Data Matrix code", result.GetText()}}
}

// triple is three corners that may be of one QR code.
type triple struct {
	corners [3]*detector.FinderPattern
	// off is how far they are from what a code's look like: 0 for exact.
	off float64
}

// qrCodes reads QR codes, however they are turned.
func qrCodes(bits *gozxing.BitMatrix) []code {
	var found []code
	used := map[*detector.FinderPattern]bool{}
	read := decoder.NewDecoder()
	tries := 0
	for _, t := range triples(corners(bits)) {
		if tries == maxTries {
			break
		}
		c := t.corners
		if used[c[0]] || used[c[1]] || used[c[2]] {
			continue
		}
		tries++
		bl, tl, tr := gozxing.ResultPoint_OrderBestPatterns(c[0], c[1], c[2])
		info := detector.NewFinderPatternInfo(bl.(*detector.FinderPattern), tl.(*detector.FinderPattern), tr.(*detector.FinderPattern))
		seen, err := detector.NewDetector(bits).ProcessFinderPatternInfo(info)
		if err != nil {
			continue
		}
		result, err := read.Decode(seen.GetBits(), nil)
		if err != nil {
			continue
		}
		used[c[0]], used[c[1]], used[c[2]] = true, true, true
		found = append(found, code{"a QR code", result.GetText()})
	}
	sortCodes(found)
	return found
}

// corners gives the places that look like the corner of a QR code: black and
// white in the ratio 1:1:3:1:1 from all sides (ISO/IEC 18004, 6.3.3). The ones
// that most rows crossed come first, and no more than maxCorners.
func corners(bits *gozxing.BitMatrix) []*detector.FinderPattern {
	finder := detector.NewFinderPatternFinder(bits, nil)
	w, h := bits.GetWidth(), bits.GetHeight()
	crossings := 0
	for y := 1; y < h && crossings < maxCrossings; y += 2 {
		var runs [5]int // the lengths of the last five
		start, n, inBlack := 0, 0, bits.Get(0, y)
		for x := 1; x <= w; x++ {
			if x < w && bits.Get(x, y) == inBlack {
				continue
			}
			copy(runs[:], runs[1:])
			runs[4], start, n = x-start, x, n+1
			if inBlack && n >= len(runs) && detector.FinderPatternFinder_foundPatternCross(runs[:]) {
				crossings++
				finder.HandlePossibleCenter(runs[:], y, x)
			}
			inBlack = !inBlack
		}
	}
	found := finder.GetPossibleCenters()
	slices.SortStableFunc(found, func(a, b *detector.FinderPattern) int { return cmp.Compare(b.GetCount(), a.GetCount()) })
	return found[:min(len(found), maxCorners)]
}

// triples combines corners, the likeliest first: two equal sides at a right
// angle, of 14 to 170 modules (versions 1 to 40) and some room for how askew
// the code is, with modules of one size.
func triples(corners []*detector.FinderPattern) []triple {
	var all []triple
	for i, a := range corners {
		for j, b := range corners[:i] {
			for _, c := range corners[:j] {
				if t := (triple{corners: [3]*detector.FinderPattern{a, b, c}}); t.measure() {
					all = append(all, t)
				}
			}
		}
	}
	slices.SortStableFunc(all, func(a, b triple) int { return cmp.Compare(a.off, b.off) })
	return all
}

// measure reports whether the corners may be of one code, and sets off.
func (t *triple) measure() bool {
	size := func(i int) float64 { return t.corners[i].GetEstimatedModuleSize() }
	small, large := min(size(0), size(1), size(2)), max(size(0), size(1), size(2))
	if large > 1.5*small {
		return false
	}
	sides := []float64{
		gozxing.ResultPoint_Distance(t.corners[0], t.corners[1]),
		gozxing.ResultPoint_Distance(t.corners[1], t.corners[2]),
		gozxing.ResultPoint_Distance(t.corners[2], t.corners[0]),
	}
	slices.Sort(sides)
	if sides[0] < 10*small || sides[1] > 200*large {
		return false
	}
	// Of two triples that are equally right, the smaller one is likelier: large
	// ones go from one code to the next.
	t.off = math.Abs(sides[1]/sides[0]-1) + math.Abs(sides[2]/math.Hypot(sides[0], sides[1])-1) +
		(large/small-1)/4 + sides[1]/large/2000
	return t.off < 1
}
