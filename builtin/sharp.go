package builtin

import "slices"

const (
	// sharpSide bounds the picture that is judged, in pixels: about what a
	// screen shows of it. A blur that nobody sees there is none.
	sharpSide = 1024
	// edgeReach is how far an edge is followed to either side, in pixels.
	edgeReach = 5
	// edgeRise is how much lighter one end of an edge is, at least, as a share
	// of the picture's range from dark to light.
	edgeRise = 0.25
	// leastRise is the same in levels of luma: what is flatter is noise.
	leastRise = 12
	// leastEdges is how many edges a judgement needs; more in a large picture.
	leastEdges = 20
)

// focus says how sharp a picture is; "" if there are too few edges to tell, as on
// a plain surface. The bounds are a blur of 0.8 and of 1.5 pixels.
func focus(p plane) string {
	share, ok := sharpness(p.shrunk((max(p.w, p.h) + sharpSide - 1) / sharpSide))
	switch {
	case !ok:
		return ""
	case share >= 0.5:
		return "sharp"
	case share >= 0.27:
		return "a little soft"
	}
	return "blurred"
}

// sharpness gives how much of the rise of a picture's clearest edges lies
// between two neighbouring pixels: 1 for a hard edge, about 0.4/s for one that
// is blurred by a Gaussian of s pixels. The clearest are a tenth of them: what
// lies behind the subject may be out of focus. Neither contrast nor the share of
// plain surfaces enters. Not ok if there are too few edges to tell.
//
// Source: that blur is the width of the edges, not their number, is from
// Marziliano, Dufaux, Winkler and Ebrahimi, A no-reference perceptual blur
// metric (ICIP 2002), https://doi.org/10.1109/ICIP.2002.1038902
func sharpness(p plane) (share float64, ok bool) {
	low, high := p.ends()
	rise := max(edgeRise*float64(high-low), leastRise)
	// An edge that is too wide to be seen at one size is one at a smaller size.
	for by := 1; by <= 4; by *= 2 {
		small := p.shrunk(by)
		var shares []float64
		for y := range small.h {
			shares = edges(shares, small.pix[y*small.w:], 1, small.w, rise)
		}
		for x := range small.w {
			shares = edges(shares, small.pix[x:], small.w, small.h, rise)
		}
		if len(shares) >= max(leastEdges, (small.w+small.h)/8) {
			slices.Sort(shares)
			return shares[len(shares)*9/10] / float64(by), true
		}
	}
	return 0, false
}

// edges adds the share of every edge on a line of count pixels, step apart.
func edges(shares []float64, pix []byte, step, count int, rise float64) []float64 {
	at := func(i int) int { return int(pix[i*step]) }
	apart := func(i, j int) int { return max(at(i)-at(j), at(j)-at(i)) }
	for i := edgeReach; i+1+edgeReach < count; i++ {
		steepest := apart(i, i+1)
		if steepest == 0 || steepest < apart(i-1, i) || steepest <= apart(i+1, i+2) {
			continue
		}
		if total := float64(apart(i-edgeReach, i+1+edgeReach)); total >= rise {
			shares = append(shares, min(float64(steepest)/total, 1))
		}
	}
	return shares
}

// ends gives the luma that a fiftieth of the pixels are darker than, and the one
// that a fiftieth are lighter than.
func (p plane) ends() (low, high int) {
	var counts [256]int
	for _, v := range p.pix {
		counts[v]++
	}
	high = 255
	for n := counts[0]; n <= len(p.pix)/50 && low < 255; n += counts[low] {
		low++
	}
	for n := counts[255]; n <= len(p.pix)/50 && high > 0; n += counts[high] {
		high--
	}
	return low, high
}
