package preprocess

import (
	"vlocal/preprocess/colour"
	"vlocal/preprocess/jpeg"
)

// asItIs gives the file of a photo less its metadata, where nothing else has to be
// done to it: it fits into w by h pixels, stands upright, is in sRGB (c is nil) and of at most
// the quality that is asked for. Otherwise it gives nil.
func (o Options) asItIs(p *jpeg.Picture, w, h, orientation int, c *colour.Conversion) []byte {
	if orientation > 1 || p.Width != w || p.Height != h || c != nil {
		return nil
	}
	file, _ := p.Plain(nil, o.Quality)
	return file
}
