package preprocess

import (
	"bytes"
	"strings"

	"github.com/bep/imagemeta"

	"vlocal/preprocess/jpeg"
)

// asItIs gives the file of a photo less its metadata, where nothing else has to be
// done to it: it fits into w by h pixels, stands upright, is in sRGB and of at most
// the quality that is asked for. Otherwise it gives nil.
func (o Options) asItIs(p *jpeg.Picture, data []byte, w, h, orientation int) []byte {
	if orientation > 1 || p.Width != w || p.Height != h || !inSRGB(data) {
		return nil
	}
	file, _ := p.Plain(nil, o.Quality)
	return file
}

// inSRGB says whether a JPEG's colours are those that it would have without its
// metadata: it has no ICC profile, and EXIF does not say that it is in Adobe RGB.
func inSRGB(data []byte) bool {
	return !bytes.Contains(data, []byte("ICC_PROFILE\x00")) && !exifAdobeRGB(data)
}

// exifAdobeRGB looks for the two ways in which cameras say Adobe RGB: an
// interoperability index of R03 (DCF 2.0, 5.2), and a colour space of 2, which no
// standard has.
func exifAdobeRGB(data []byte) (found bool) {
	const adobeRGB = 2
	// What is broken says nothing.
	_ = recovered(func() error {
		_, err := imagemeta.Decode(imagemeta.Options{
			R:           bytes.NewReader(data),
			ImageFormat: imagemeta.JPEG,
			Sources:     imagemeta.EXIF,
			ShouldHandleTag: func(t imagemeta.TagInfo) bool {
				return strings.HasPrefix(t.Namespace, "IFD0")
			},
			HandleTag: func(t imagemeta.TagInfo) error {
				switch {
				case t.Tag == "ColorSpace":
					space, _ := t.Value.(uint16)
					found = found || space == adobeRGB
				case strings.HasSuffix(t.Namespace, "/InteroperabilityIFD"):
					// imagemeta calls its tags by the names that their numbers
					// have among those of a place.
					index, _ := t.Value.(string)
					found = found || strings.HasPrefix(index, "R03")
				}
				return nil
			},
		})
		return err
	})
	return found
}
