package preprocess

import (
	"context"
	"image"
	"image/color"
	"io"

	"vlocal/preprocess/heif"
)

func heifSize(r io.Reader) (image.Config, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return image.Config{}, err
	}
	p, err := heif.Open(data)
	if err != nil {
		return image.Config{}, err
	}
	return image.Config{ColorModel: color.YCbCrModel, Width: p.Width, Height: p.Height}, nil
}

func decodeHEIF(ctx context.Context, data []byte) (image.Image, error) {
	p, err := heif.Open(data)
	if err != nil {
		return nil, err
	}
	return p.Decode(ctx)
}

// heifOrientation gives how the container says that the picture is turned, which
// goes for the one in its EXIF: that one is already applied.
func heifOrientation(data []byte) int {
	p, err := heif.Open(data)
	if err != nil {
		return 0
	}
	return p.Orientation
}

func heifMemory(data []byte) int64 {
	p, err := heif.Open(data)
	if err != nil {
		return 0
	}
	return p.Memory()
}
