package preprocess

import (
	"image"

	"vlocal/preprocess/tiff"
)

// init, as TIFF can hold JPEG.
func init() {
	codecs["tiff"] = codec{tiff.Config, func(data []byte) (image.Image, error) {
		return tiff.Decode(data, codecs["jpeg"].decode)
	}}
}
