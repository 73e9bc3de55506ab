package preprocess

import (
	"context"
	"image"

	"vlocal/preprocess/tiff"
)

// init, as TIFF can hold JPEG.
func init() {
	codecs["tiff"] = codec{tiff.Config, func(ctx context.Context, data []byte) (image.Image, error) {
		return tiff.Decode(data, func(part []byte) (image.Image, error) {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			return decodePhoto(ctx, part)
		})
	}}
}
