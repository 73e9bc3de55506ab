package preprocess

import (
	"vlocal/preprocess/jpeg"
	"vlocal/preprocess/scale"
)

// decodedFor says how a JPEG is decoded that is to have w by h pixels: a quarter
// larger at least, where it is not decoded whole. What the decoder leaves out at a
// part of the size ends abruptly, within each block; where hardly any resizing
// follows, that shows in photos that are sharp in every pixel (an SSIM of 0.96 with
// a resize of the whole, at 1.01 times the size; above 0.98 from 1.25 times on).
func decodedFor(w, h int) jpeg.Options {
	return jpeg.Options{MinWidth: w * 5 / 4, MinHeight: h * 5 / 4, Tolerant: true}
}

// extent is how much of a JPEG's decoded samples is picture.
func extent(h jpeg.Header, reduction int) scale.Extent {
	r := float64(reduction)
	return scale.Extent{Width: float64(h.Width) / r, Height: float64(h.Height) / r}
}
