package scale_test

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"
	"testing"

	"github.com/disintegration/imaging"

	"vlocal/internal/testimage"
	"vlocal/preprocess/scale"
)

// ycbcr gives a made up photo with its planes sampled as ratio says.
func ycbcr(w, h int, ratio image.YCbCrSubsampleRatio) *image.YCbCr {
	from := testimage.StillLife(w, h)
	img := image.NewYCbCr(from.Rect, ratio)
	for y := h - 1; y >= 0; y-- {
		for x := w - 1; x >= 0; x-- {
			c := from.NRGBAAt(x, y)
			yy, cb, cr := color.RGBToYCbCr(c.R, c.G, c.B)
			img.Y[img.YOffset(x, y)] = yy
			img.Cb[img.COffset(x, y)], img.Cr[img.COffset(x, y)] = cb, cr
		}
	}
	return img
}

// psnr is in dB, over the first channel.
func psnr(a *image.Gray, b image.Image) float64 {
	sum := 0.0
	for y := range a.Rect.Dy() {
		for x := range a.Rect.Dx() {
			v := color.GrayModel.Convert(b.At(x, y)).(color.Gray).Y
			d := float64(a.GrayAt(x, y).Y) - float64(v)
			sum += d * d
		}
	}
	return 10 * math.Log10(255*255*float64(a.Rect.Dx()*a.Rect.Dy())/max(sum, 1))
}

func TestGrayIsTheSameAsTheFilterInFloats(t *testing.T) {
	src := testimage.Gray(testimage.StillLife(301, 203))
	for _, size := range [][2]int{{215, 145}, {100, 67}, {30, 20}, {301, 100}, {150, 203}, {299, 202}, {400, 300}} {
		got := scale.Gray(src, size[0], size[1], 1)
		want := imaging.Resize(src, size[0], size[1], imaging.Lanczos)
		// imaging rounds to 8 bits between the directions, and at 1/10 takes
		// the same taps.
		if db := psnr(got, want); db < 49 {
			t.Errorf("at %v it is %.1f dB from imaging", size, db)
		}
	}
}

func TestColourPlanesCoverWhatTheyCovered(t *testing.T) {
	for _, ratio := range []image.YCbCrSubsampleRatio{
		image.YCbCrSubsampleRatio444, image.YCbCrSubsampleRatio422, image.YCbCrSubsampleRatio420,
		image.YCbCrSubsampleRatio440, image.YCbCrSubsampleRatio411, image.YCbCrSubsampleRatio410,
	} {
		src := ycbcr(303, 203, ratio)
		got := scale.YCbCr(src, 145, 97, 1)
		want := imaging.Resize(src, 145, 97, imaging.Lanczos)
		sum := 0.0
		for y := range 97 {
			for x := range 145 {
				c, d := got.YCbCrAt(x, y), want.NRGBAAt(x, y)
				r, g, b := color.YCbCrToRGB(c.Y, c.Cb, c.Cr)
				for _, e := range [3]int{int(r) - int(d.R), int(g) - int(d.G), int(b) - int(d.B)} {
					sum += float64(e * e)
				}
			}
		}
		if db := 10 * math.Log10(255*255*3*97*145/sum); db < 33 {
			t.Errorf("%v: %.1f dB from imaging, which works in RGB", ratio, db)
		}
	}
}

func TestAFlatPictureStaysAsItIs(t *testing.T) {
	for _, v := range []byte{0, 1, 128, 254, 255} {
		src := image.NewGray(image.Rect(0, 0, 50, 37))
		draw.Draw(src, src.Rect, image.NewUniform(color.Gray{Y: v}), image.Point{}, draw.Src)
		for _, p := range scale.Gray(src, 33, 21, 0).Pix {
			if p != v {
				t.Fatalf("%d became %d", v, p)
			}
		}
	}
}

// TestFineStripesBecomeGrey would show moire.
func TestFineStripesBecomeGrey(t *testing.T) {
	src := image.NewGray(image.Rect(0, 0, 300, 300))
	for i := range src.Pix {
		src.Pix[i] = byte(i % 2 * 255)
	}
	dst := scale.Gray(src, 100, 100, 1)
	for y := 5; y < 95; y++ {
		for x := 5; x < 95; x++ {
			if v := dst.GrayAt(x, y).Y; v < 123 || v > 132 {
				t.Fatalf("%d, %d is %d", x, y, v)
			}
		}
	}
}

func TestEverySizeIsMade(t *testing.T) {
	for w := 1; w < 9; w++ {
		for h := 1; h < 9; h++ {
			src := ycbcr(w, h, image.YCbCrSubsampleRatio420)
			for _, to := range [][2]int{{1, 1}, {2, 3}, {w, h}, {9, 1}} {
				got := scale.YCbCr(src, to[0], to[1], 1)
				if got.Rect.Dx() != to[0] || got.Rect.Dy() != to[1] {
					t.Fatalf("%d x %d to %v is %v", w, h, to, got.Rect)
				}
			}
		}
	}
}

func TestEveryOrientationGivesTheSamePicture(t *testing.T) {
	for _, size := range [][4]int{{200, 150, 100, 75}, {200, 150, 97, 71}, {101, 75, 101, 75}} {
		upright := testimage.StillLife(size[0], size[1])
		w, h := size[2], size[3]
		var want *image.YCbCr
		for o := 1; o <= 8; o++ {
			stored := testimage.Turned(upright, o)
			img := image.NewYCbCr(stored.Rect, image.YCbCrSubsampleRatio444)
			for i := range img.Y {
				px := stored.Pix[4*i:]
				img.Y[i], img.Cb[i], img.Cr[i] = color.RGBToYCbCr(px[0], px[1], px[2])
			}
			sw, sh := w, h
			if o >= 5 {
				sw, sh = h, w
			}
			got := scale.YCbCr(img, sw, sh, o)
			gray := scale.Gray(&image.Gray{Pix: img.Y, Stride: img.YStride, Rect: img.Rect}, sw, sh, o)
			if o == 1 {
				want = got
			}
			if got.Rect != want.Rect || far(gray.Pix, want.Y) > 1 || far(got.Y, want.Y) > 1 ||
				far(got.Cb, want.Cb) > 1 || far(got.Cr, want.Cr) > 1 {
				t.Errorf("%v in orientation %d: %v, Y %d, Cb %d, Cr %d levels away", size, o, got.Rect,
					far(got.Y, want.Y), far(got.Cb, want.Cb), far(got.Cr, want.Cr))
			}
		}
	}
}

// far is the largest difference, in levels.
func far(a, b []byte) (most int) {
	for i := range a {
		most = max(most, int(a[i])-int(b[i]), int(b[i])-int(a[i]))
	}
	return most
}

func TestPartOfAPictureIsAllThatCounts(t *testing.T) {
	whole := testimage.Gray(testimage.StillLife(120, 90))
	part := whole.SubImage(image.Rect(20, 10, 100, 70)).(*image.Gray)
	alone := image.NewGray(image.Rect(0, 0, 80, 60))
	draw.Draw(alone, alone.Rect, part, part.Rect.Min, draw.Src)
	if a, b := scale.Gray(part, 31, 23, 1), scale.Gray(alone, 31, 23, 1); fmt.Sprint(a.Pix) != fmt.Sprint(b.Pix) {
		t.Error("what lies around a part changes it")
	}
}

func BenchmarkResize(b *testing.B) {
	src := ycbcr(2016, 1512, image.YCbCrSubsampleRatio420)
	b.Run("planes", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			scale.YCbCr(src, 1440, 1080, 1)
		}
	})
	b.Run("imaging", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			imaging.Resize(src, 1440, 1080, imaging.Lanczos)
		}
	})
}

// TestWhatLiesBeyondTheExtentMovesNothing is of a slope, whose end is cut off in
// the middle of a sample: the small picture has to be the slope up to there.
func TestWhatLiesBeyondTheExtentMovesNothing(t *testing.T) {
	src := image.NewGray(image.Rect(0, 0, 100, 100))
	for i := range src.Pix {
		src.Pix[i] = byte(i%100 + i/100)
	}
	const w, h = 40, 30
	dst := scale.Extent{Width: 99.125, Height: 99.5}.Gray(src, w, h, 1)
	for y := 2; y < h-3; y++ {
		for x := 2; x < w-3; x++ {
			want := (float64(x)+0.5)*99.125/w + (float64(y)+0.5)*99.5/h - 1
			if got := float64(dst.GrayAt(x, y).Y); math.Abs(got-want) > 0.7 {
				t.Fatalf("%d, %d is %g, want %.2f", x, y, got, want)
			}
		}
	}
}
