package preprocess

import (
	"image"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vlocal/internal/testimage"
	"vlocal/preprocess/colour"
	"vlocal/preprocess/scale"
)

// Where a first try comes out too large, the same picture is prepared again.
func TestPreparingLeavesThePictureAsItIs(t *testing.T) {
	planes := image.NewYCbCr(image.Rect(0, 0, 24, 16), image.YCbCrSubsampleRatio420)
	for i := range planes.Cb {
		planes.Cb[i], planes.Cr[i] = 90, byte(100+i)
	}
	grey, err := colour.FromGreyGamma(1)
	if err != nil {
		t.Fatal(err)
	}
	inks, err := colour.FromICC(testimage.TableProfile(4, func(in []float64) [3]float64 {
		return [3]float64{100 - 100*in[3], 50 * in[0], 50 * in[1]}
	}), 4)
	if err != nil {
		t.Fatal(err)
	}
	cmyk := image.NewCMYK(planes.Rect)
	for i := range cmyk.Pix {
		cmyk.Pix[i] = byte(i)
	}
	light := testimage.Gray(testimage.Landscape(24, 16))
	for name, try := range map[string]func(w, h int) image.Image{
		"planes": func(w, h int) image.Image {
			return onPlanes(planes, scale.Extent{Width: 24, Height: 16}, w, h, 1, colour.AdobeRGB())
		},
		"planes by RGB":  func(w, h int) image.Image { return prepared(planes, w, h, 1, colour.AdobeRGB()) },
		"one grey plane": func(w, h int) image.Image { return onPlanes(light, scale.Extent{Width: 24, Height: 16}, w, h, 1, grey) },
		"inks":           func(w, h int) image.Image { return prepared(cmyk, w, h, 1, inks) },
	} {
		for _, size := range []image.Point{{24, 16}, {12, 8}} {
			first := try(size.X, size.Y)
			if diff := cmp.Diff(first, try(size.X, size.Y)); diff != "" {
				t.Errorf("%s at %v: the second time it is another (-first +second):\n%s", name, size, diff)
			}
		}
	}
}
