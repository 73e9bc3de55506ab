package preprocess

import (
	"bytes"
	"image"
	"testing"

	"vlocal/internal/testimage"
)

func FuzzWebP(f *testing.F) {
	scene := testimage.Landscape(12, 8)
	f.Add(testimage.WebP(scene))
	f.Add(testimage.WebPLossy())
	f.Add(testimage.AnimatedWebP(20, 12, testimage.WebP(scene), image.Pt(2, 4), testimage.WebP(scene)))
	f.Add(testimage.AnimatedWebP(48, 32, testimage.WebPLossy(), image.Point{}, nil))
	f.Add(testimage.StillWebP(4, 4, testimage.WebP(scene)))
	f.Fuzz(func(t *testing.T, data []byte) {
		config, err := webpSize(bytes.NewReader(data))
		if err != nil || config.Width > 256 || config.Height > 256 {
			return
		}
		img, err := decodeWebP(t.Context(), data)
		if err == nil && img.Bounds().Size() != image.Pt(config.Width, config.Height) {
			t.Errorf("it says %d x %d and is %v", config.Width, config.Height, img.Bounds())
		}
	})
}
