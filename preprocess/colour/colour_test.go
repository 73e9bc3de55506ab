package colour_test

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vlocal/internal/testimage"
	"vlocal/preprocess/colour"
)

// shown is what a colour of a profile is in sRGB, 0 to 255: the light of XYZ as the
// colours of a profile for sRGB make it up (Cramer's rule), and the curve of IEC
// 61966-2-1.
func shown(k testimage.ProfileKind, c [3]float64) (out [3]float64) {
	var xyz [3]float64
	for i := range xyz {
		xyz[i] = k.Red[i]*k.Light(c[0]) + k.Green[i]*k.Light(c[1]) + k.Blue[i]*k.Light(c[2])
	}
	det := func(a, b, c [3]float64) float64 {
		return a[0]*(b[1]*c[2]-b[2]*c[1]) - b[0]*(a[1]*c[2]-a[2]*c[1]) + c[0]*(a[1]*b[2]-a[2]*b[1])
	}
	r, g, b := testimage.SRGB.Red, testimage.SRGB.Green, testimage.SRGB.Blue
	all := det(r, g, b)
	for i, v := range []float64{det(xyz, g, b) / all, det(r, xyz, b) / all, det(r, g, xyz) / all} {
		v = min(max(v, 0), 1)
		if v <= 0.0031308 {
			out[i] = 255 * 12.92 * v
		} else {
			out[i] = 255 * (1.055*math.Pow(v, 1/2.4) - 0.055)
		}
	}
	return out
}

// cube has colours of all kinds: 18 levels of each channel.
func cube() *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, 18*18, 18))
	for i := range 18 * 18 * 18 {
		img.SetNRGBA(i%(18*18), i/(18*18), color.NRGBA{uint8(i % 18 * 15), uint8(i / 18 % 18 * 15), uint8(i / 324 * 15), uint8(i)})
	}
	return img
}

func profile(t *testing.T, data []byte, channels int) *colour.Conversion {
	t.Helper()
	c, err := colour.FromICC(data, channels)
	if err != nil || c == nil {
		t.Fatalf("got %v, %v", c, err)
	}
	return c
}

func TestEachColourIsWithinALevelOfTheRight(t *testing.T) {
	linear, bright := testimage.SRGB, testimage.SRGB
	linear.Gamma, bright.Gamma = 1, 1.8
	p3old := testimage.DisplayP3
	p3old.V4 = false
	for name, k := range map[string]testimage.ProfileKind{
		"Display P3": testimage.DisplayP3, "Display P3, by a table": p3old, "Adobe RGB": testimage.AdobeRGB,
		"ProPhoto": testimage.ProPhoto, "linear": linear, "a Mac's of old": bright,
	} {
		t.Run(name, func(t *testing.T) {
			img := cube()
			profile(t, testimage.RGBProfile(k), 3).NRGBA(img)
			within := 1.0
			if k == testimage.ProPhoto {
				// Its primaries are so far outside of sRGB that next to full blue the
				// last digits of a profile decide on three dark levels of red.
				within = 2
			}
			check(t, k, img, within)
		})
	}
	t.Run("Adobe RGB by name", func(t *testing.T) {
		img := cube()
		colour.AdobeRGB().NRGBA(img)
		check(t, testimage.AdobeRGB, img, 1)
	})
	t.Run("Display P3 by number", func(t *testing.T) {
		img := cube()
		colour.FromNumbers(12, 13).NRGBA(img)
		check(t, testimage.DisplayP3, img, 1)
	})
}

// check compares a cube with what it is to be. Rounding alone takes half a level.
func check(t *testing.T, k testimage.ProfileKind, got *image.NRGBA, within float64) {
	t.Helper()
	from := cube()
	for i := 0; i < len(got.Pix); i += 4 {
		px := from.Pix[i : i+4]
		want := shown(k, [3]float64{float64(px[0]) / 255, float64(px[1]) / 255, float64(px[2]) / 255})
		for c := range want {
			if d := float64(got.Pix[i+c]) - want[c]; math.Abs(d) > within {
				t.Fatalf("%v became %v, want %.2f", px, got.Pix[i:i+4], want)
			}
		}
		if got.Pix[i+3] != px[3] {
			t.Fatal("transparency changed")
		}
	}
}

func TestSixteenBitsAreWithinALevelOfTheRight(t *testing.T) {
	linear := testimage.SRGB
	linear.Gamma = 1
	for _, k := range []testimage.ProfileKind{linear, testimage.AdobeRGB, testimage.ProPhoto} {
		img := image.NewNRGBA64(image.Rect(0, 0, 256, 16))
		at := func(i, c int) uint16 { return uint16(i * []int{16, 7, 3}[c]) } // mostly dark
		for i := range 256 * 16 {
			img.SetNRGBA64(i%256, i/256, color.NRGBA64{at(i, 0), at(i, 1), at(i, 2), uint16(i * 16)})
		}
		out, ok := profile(t, testimage.RGBProfile(k), 3).Deep(img)
		if !ok {
			t.Fatal("it is not converted")
		}
		for i := range 256 * 16 {
			want := shown(k, [3]float64{float64(at(i, 0)) / 65535, float64(at(i, 1)) / 65535, float64(at(i, 2)) / 65535})
			got := out.At(i%256, i/256).(color.NRGBA)
			for c, v := range []uint8{got.R, got.G, got.B} {
				if math.Abs(float64(v)-want[c]) > 1 {
					t.Fatalf("colour %d became %v, want %.2f", i, got, want)
				}
			}
			if got.A != uint8(i*16>>8) {
				t.Fatal("transparency changed")
			}
		}
	}
}

// Planes are converted as their pixels would be. Pixels that share Cb and Cr are the
// same here, so that nothing is lost by sharing.
func TestPlanesAreConvertedLikePixels(t *testing.T) {
	c := profile(t, testimage.RGBProfile(testimage.AdobeRGB), 3)
	table := profile(t, testimage.TableProfile(3, someLab), 3)
	for ratio := image.YCbCrSubsampleRatio444; ratio <= image.YCbCrSubsampleRatio410; ratio++ {
		for _, size := range []image.Point{{64, 48}, {61, 47}, {1, 1}} {
			for name, c := range map[string]*colour.Conversion{"matrix": c, "table": table} {
				t.Run(fmt.Sprintf("%v %v %s", ratio, size, name), func(t *testing.T) {
					img := image.NewYCbCr(image.Rectangle{Max: size}, ratio)
					want := image.NewNRGBA(img.Rect)
					for y := range size.Y {
						for x := range size.X {
							tile := uint8(x/16*40 + y/16*25)
							img.Y[img.YOffset(x, y)] = 40 + tile
							img.Cb[img.COffset(x, y)], img.Cr[img.COffset(x, y)] = 100+tile/4, 150-tile/4
						}
					}
					for y := range size.Y {
						for x := range size.X {
							want.Set(x, y, img.At(x, y))
						}
					}
					c.NRGBA(want)
					c.YCbCr(img)
					for y := range size.Y {
						for x := range size.X {
							r, g, b, _ := img.At(x, y).RGBA()
							w := want.NRGBAAt(x, y)
							for i, v := range []uint32{r, g, b} {
								if d := int(v>>8) - int([]uint8{w.R, w.G, w.B}[i]); d < -3 || d > 3 {
									t.Fatalf("at %d, %d it is %v, want %v", x, y, img.At(x, y), w)
								}
							}
						}
					}
				})
			}
		}
	}
}

func someLab(in []float64) [3]float64 {
	return [3]float64{100 * (0.3*in[0] + 0.5*in[1] + 0.2*in[2]), 40 * (in[0] - in[1]), 40 * (in[1] - in[2])}
}

func TestWhatSaysSRGBCostsNothing(t *testing.T) {
	rounded, v4 := testimage.SRGB, testimage.SRGB
	rounded.Red[0], v4.V4 = 0.4361, true
	for name, k := range map[string]testimage.ProfileKind{"a table": testimage.SRGB, "rounded": rounded, "version 4": v4} {
		if c, err := colour.FromICC(testimage.RGBProfile(k), 3); c != nil || err != nil {
			t.Errorf("%s: got %v, %v", name, c, err)
		}
	}
	if c, err := colour.FromICC(testimage.GreyProfile(testimage.SRGB), 1); c != nil || err != nil {
		t.Errorf("grey: got %v, %v", c, err)
	}
	for _, n := range [][2]int{{1, 1}, {1, 13}, {2, 2}, {0, 0}, {99, 99}} {
		if c := colour.FromNumbers(n[0], n[1]); c != nil {
			t.Errorf("%v is converted", n)
		}
	}
}

func TestNoConversionChangesNothing(t *testing.T) {
	var c *colour.Conversion
	img, want := cube(), cube()
	c.NRGBA(img)
	c.Gray(image.NewGray(image.Rect(0, 0, 2, 2)))
	c.YCbCr(image.NewYCbCr(image.Rect(0, 0, 2, 2), image.YCbCrSubsampleRatio420))
	if _, ok := c.Deep(image.NewGray16(image.Rect(0, 0, 2, 2))); ok || c.OfInks() {
		t.Error("it converts")
	}
	if diff := cmp.Diff(want.Pix, img.Pix); diff != "" {
		t.Error(diff)
	}
}

func TestConversionsAreSharedAndRemembered(t *testing.T) {
	var wg sync.WaitGroup
	got := make([]*colour.Conversion, 8)
	for i := range got {
		wg.Go(func() {
			c, err := colour.FromICC(testimage.RGBProfile(testimage.ProPhoto), 3)
			if err != nil {
				t.Error(err)
				return
			}
			c.Deep(image.NewNRGBA64(image.Rect(0, 0, 4, 4)))
			got[i] = c
		})
	}
	wg.Wait()
	for i := range 30 { // more than are remembered
		k := testimage.SRGB
		k.Gamma = 1 + float64(i)/50
		profile(t, testimage.RGBProfile(k), 3)
	}
	again := profile(t, testimage.RGBProfile(testimage.ProPhoto), 3)
	if again == got[0] {
		t.Error("it was remembered for too long")
	}
	for _, c := range got {
		if c != got[0] {
			t.Error("it was made twice")
		}
	}
}

// BenchmarkPhoto converts a picture as it is sent, of 1440 x 1080 pixels in 4:2:0.
func BenchmarkPhoto(b *testing.B) {
	img := image.NewYCbCr(image.Rect(0, 0, 1440, 1080), image.YCbCrSubsampleRatio420)
	scene := testimage.Landscape(1440, 1080)
	for y := range 1080 {
		for x := range 1440 {
			r, g, bl, _ := scene.At(x, y).RGBA()
			img.Y[img.YOffset(x, y)], img.Cb[img.COffset(x, y)], img.Cr[img.COffset(x, y)] = color.RGBToYCbCr(uint8(r>>8), uint8(g>>8), uint8(bl>>8))
		}
	}
	y, cb, cr := append([]byte{}, img.Y...), append([]byte{}, img.Cb...), append([]byte{}, img.Cr...)
	c := colour.FromNumbers(12, 13)
	for b.Loop() {
		c.YCbCr(img)
		copy(img.Y, y)
		copy(img.Cb, cb)
		copy(img.Cr, cr)
	}
}
