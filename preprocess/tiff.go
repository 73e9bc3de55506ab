package preprocess

import (
	"context"
	"fmt"
	"image"

	"vlocal/preprocess/jpeg"
	"vlocal/preprocess/tiff"
)

// init, as TIFF can hold JPEG.
func init() {
	codecs["tiff"] = codec{tiff.Config, func(ctx context.Context, data []byte) (image.Image, error) {
		return tiff.Decode(data, func(part []byte, w, h int) (image.Image, error) {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			header, err := jpeg.ReadHeader(part)
			if err != nil {
				return nil, err
			}
			if header.Width > w || header.Height > h {
				return nil, fmt.Errorf("a part of it is larger than it says: %d x %d pixels", header.Width, header.Height)
			}
			return decodePhoto(ctx, part)
		})
	}}
}
