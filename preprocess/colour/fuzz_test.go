package colour_test

import (
	"image"
	"runtime"
	"testing"

	"vlocal/internal/testimage"
	"vlocal/preprocess/colour"
)

// FuzzFromICC looks for profiles that panic, or take more memory than is counted for
// them.
func FuzzFromICC(f *testing.F) {
	for _, k := range []testimage.ProfileKind{testimage.SRGB, testimage.DisplayP3, testimage.AdobeRGB} {
		f.Add(testimage.RGBProfile(k), byte(3))
		f.Add(testimage.GreyProfile(k), byte(1))
	}
	f.Add(testimage.TableProfile(3, someLab), byte(3))
	f.Add(testimage.TableProfile(4, func(in []float64) [3]float64 { return someLab(in[:3]) }), byte(4))
	f.Fuzz(func(t *testing.T, data []byte, channels byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		c, err := colour.FromICC(data, int(channels))
		runtime.ReadMemStats(&after)
		// All that was allocated, with what was given back on the way; some 10 MB are
		// what asking for each point of a grid takes.
		if took := after.TotalAlloc - before.TotalAlloc; took > 40<<20+uint64(colour.Memory(data)) {
			t.Fatalf("%d bytes of profile took %d", len(data), took)
		}
		if err != nil && c != nil {
			t.Fatal("both a conversion and an error")
		}
		if c.OfInks() {
			c.CMYK(image.NewCMYK(image.Rect(0, 0, 3, 2)))
		}
		c.NRGBA(image.NewNRGBA(image.Rect(0, 0, 3, 2)))
		c.Gray(image.NewGray(image.Rect(0, 0, 3, 2)))
		c.YCbCr(image.NewYCbCr(image.Rect(0, 0, 3, 2), image.YCbCrSubsampleRatio420))
		c.Deep(image.NewRGBA64(image.Rect(0, 0, 3, 2)))
		c.Deep(image.NewGray16(image.Rect(0, 0, 3, 2)))
	})
}
