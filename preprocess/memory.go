package preprocess

import (
	"context"
	"image"
	"image/color"
	"slices"

	"golang.org/x/sync/semaphore"

	"vlocal/preprocess/raw"
)

// Memory bounds what the pictures that are decoded at the same moment take
// together. It is shared by all that prepare pictures.
type Memory struct {
	size int64
	sem  *semaphore.Weighted
}

// NewMemory makes a bound in bytes.
func NewMemory(bytes int64) *Memory {
	return &Memory{size: bytes, sem: semaphore.NewWeighted(bytes)}
}

// acquire waits until there is room for so many bytes, and gives what frees them.
// What is larger than the whole waits to be alone. The error is the end of ctx.
func (m *Memory) acquire(ctx context.Context, bytes int64) (release func(), err error) {
	if m == nil {
		return func() {}, nil
	}
	bytes = min(max(bytes, 0), m.size)
	if err := m.sem.Acquire(ctx, bytes); err != nil {
		return nil, err
	}
	return func() { m.sem.Release(bytes) }, nil
}

// decodedBytes is what decoding a picture takes at its peak, in bytes: the pixels
// as its decoder holds them, the coefficients of a progressive JPEG, and a copy
// where the picture is not made smaller.
func decodedBytes(format string, config image.Config, data []byte, small bool) int64 {
	if format == "heic" || format == "avif" {
		need := heifMemory(data)
		if small {
			need += 4 * int64(config.Width) * int64(config.Height)
		}
		return need
	}
	if slices.Contains(rawFormats, format) {
		if p, err := raw.Open(format, data); err == nil {
			config.ColorModel = color.YCbCrModel
			return decodedBytes("jpeg", config, p.JPEG, small)
		}
	}
	perPixel := int64(4)
	switch config.ColorModel {
	case color.GrayModel:
		perPixel = 1
	case color.Gray16Model:
		perPixel = 2
	case color.YCbCrModel:
		perPixel = 3
	case color.RGBA64Model, color.NRGBA64Model:
		perPixel = 8
	}
	if format == "jpeg" && isProgressive(data) {
		perPixel += 4 * 3 // an int32 for each sample
	}
	if format == "tiff" {
		perPixel *= 2 // its strips are unpacked beside the picture
	}
	if small {
		perPixel += 4
	}
	return int64(config.Width) * int64(config.Height) * perPixel
}

// isProgressive looks for the frame header of a progressive JPEG (ITU T.81, table
// B.1: SOF2) before the first scan.
func isProgressive(data []byte) bool {
	const sof2, sos = 0xc2, 0xda
	for i := 2; i+4 <= len(data) && data[i] == 0xff; {
		marker := data[i+1]
		switch marker {
		case 0xff: // a fill byte
			i++
			continue
		case sof2:
			return true
		case sos:
			return false
		}
		i += 2 + int(data[i+2])<<8 + int(data[i+3])
	}
	return false
}
