package preprocess

import (
	"context"
	"fmt"
	"image"
	"image/color"

	"golang.org/x/sync/semaphore"

	"vlocal/domain"
)

// Memory bounds what the pictures that are decoded at the same moment take
// together. It is shared by all that prepare pictures.
type Memory struct {
	budget, alone int64
	sem           *semaphore.Weighted
}

// NewMemory makes a bound. Pictures that are decoded at the same time take up to
// budget bytes. One that takes more waits until it is the only one, and is then
// decoded if it takes no more than alone; else it is refused.
func NewMemory(budget, alone int64) *Memory {
	return &Memory{budget: budget, alone: max(budget, alone), sem: semaphore.NewWeighted(budget)}
}

// MemoryError says that decoding a picture takes more memory than it may.
type MemoryError struct {
	// Need is what it takes, Allowed what a single picture may, in bytes.
	Need, Allowed int64
}

// Error gives both in whole megabytes.
func (e *MemoryError) Error() string {
	const mb = 1_000_000
	return fmt.Sprintf("decoding the picture takes about %d MB of memory, and at most %d MB may be used",
		(e.Need+mb-1)/mb, e.Allowed/mb)
}

// allows says whether a picture that takes so many bytes is to be decoded at all.
func (m *Memory) allows(bytes int64) error {
	if m == nil || bytes <= m.alone {
		return nil
	}
	return fail(domain.TooLarge, "decode", "save a smaller copy of it, or exclude it",
		&MemoryError{Need: bytes, Allowed: m.alone})
}

// acquire waits until there is room for so many bytes, and gives what frees them.
// What is larger than the budget waits to be alone. The error is the end of ctx.
func (m *Memory) acquire(ctx context.Context, bytes int64) (release func(), err error) {
	if m == nil {
		return func() {}, nil
	}
	bytes = min(max(bytes, 0), m.budget)
	if err := m.sem.Acquire(ctx, bytes); err != nil {
		return nil, err
	}
	return func() { m.sem.Release(bytes) }, nil
}

// decodedBytes is what decoding a picture that is no photo takes at its peak, in
// bytes: the pixels as its decoder holds them, and a copy where the picture is not
// made smaller.
func decodedBytes(format string, config image.Config, data []byte, small bool) int64 {
	if format == "heic" || format == "avif" {
		need := heifMemory(data)
		if small {
			need += 4 * int64(config.Width) * int64(config.Height)
		}
		return need
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
	if format == "tiff" {
		perPixel *= 2 // its strips are unpacked beside the picture
	}
	if small {
		perPixel += 4
	}
	return int64(config.Width) * int64(config.Height) * perPixel
}
