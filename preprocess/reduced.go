package preprocess

import (
	"vlocal/preprocess/jpeg"
	"vlocal/preprocess/scale"
)

// large is from how many pixels on a decoded picture costs more than a little.
const large = 4_000_000

// decodedFor says how a JPEG is decoded that is to have w by h pixels: a quarter
// larger at least, where it is not decoded whole. What the decoder leaves out at a
// part of the size ends abruptly, within each block; where hardly any resizing
// follows, that shows in photos that are sharp in every pixel (an SSIM of 0.96 with
// a resize of the whole, at 1.01 times the size; above 0.98 from 1.25 times on).
// Photos of many pixels seldom are so sharp: an eighth is enough where more would
// be costly (above 0.99).
func decodedFor(h jpeg.Header, width, height int) jpeg.Options {
	o := jpeg.Options{MinWidth: width * 5 / 4, MinHeight: height * 5 / 4, Tolerant: true}
	if w, h := o.Size(h); w*h > large {
		o.MinWidth, o.MinHeight = width*9/8, height*9/8
	}
	return o
}

// extent is how much of a JPEG's decoded samples is picture.
func extent(h jpeg.Header, reduction int) scale.Extent {
	r := float64(reduction)
	return scale.Extent{Width: float64(h.Width) / r, Height: float64(h.Height) / r}
}
