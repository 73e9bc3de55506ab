package tiff

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"testing"

	"vlocal/internal/testimage"
)

func FuzzDecode(f *testing.F) {
	scene := testimage.Landscape(24, 18)
	for _, k := range []testimage.TIFFKind{
		{Colours: 2, Bits: 8}, {Colours: 2, Bits: 16, Planes: true, Compression: 8, Predictor: true},
		{Colours: 5, Bits: 8, Compression: 5}, {Colours: 6, Bits: 8, Compression: 7, Tile: 16},
		{Colours: 3, Bits: 4}, {Colours: 1, Bits: 2, Compression: 32773}, {Colours: 1, Bits: 8, Extra: 2, Next: true},
	} {
		f.Add(testimage.PlainTIFF(scene, k))
	}
	decodeJPEG := func(b []byte, w, h int) (image.Image, error) {
		config, err := jpeg.DecodeConfig(bytes.NewReader(b))
		if err != nil || config.Width > w || config.Height > h {
			return nil, errors.New("not a part")
		}
		return jpeg.Decode(bytes.NewReader(b))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		config, err := Config(bytes.NewReader(data))
		if err != nil || config.Width > 256 || config.Height > 256 {
			return
		}
		img, err := Decode(data, decodeJPEG)
		if err == nil && img.Bounds().Size() != image.Pt(config.Width, config.Height) {
			t.Errorf("it says %d x %d and is %v", config.Width, config.Height, img.Bounds())
		}
	})
}
