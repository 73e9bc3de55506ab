package preprocess_test

import (
	"bytes"
	"image"
	"image/jpeg"
	"math"
	"testing"

	"vlocal/internal/ssim"
	"vlocal/internal/testimage"
	"vlocal/preprocess"
)

// luma gives the Y of a JPEG, decoded by the standard library.
func luma(t *testing.T, data []byte) *image.Gray {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if y, ok := img.(*image.YCbCr); ok {
		return &image.Gray{Pix: y.Y, Stride: y.YStride, Rect: y.Rect}
	}
	return testimage.Gray(img)
}

// lanczos resizes with real numbers, in one step of each axis: what a resize of
// the whole picture has to give.
func lanczos(src *image.Gray, w, h int) *image.Gray {
	across := make([]float64, w*src.Rect.Dy())
	for x := range w {
		first, weights := lanczosWeights(x, w, src.Rect.Dx())
		for y := range src.Rect.Dy() {
			for k, v := range weights {
				across[y*w+x] += v * float64(src.Pix[y*src.Stride+first+k])
			}
		}
	}
	dst := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		first, weights := lanczosWeights(y, h, src.Rect.Dy())
		for x := range w {
			sum := 0.0
			for k, v := range weights {
				sum += v * across[(first+k)*w+x]
			}
			dst.Pix[y*w+x] = byte(math.Round(min(max(sum, 0), 255)))
		}
	}
	return dst
}

// lanczosWeights are those of 3 lobes, of the samples of n out of which the i-th
// of fewer is made.
func lanczosWeights(i, fewer, n int) (first int, weights []float64) {
	span := float64(n) / float64(fewer)
	middle := (float64(i) + 0.5) * span
	first = max(int(middle-3*span), 0)
	sum := 0.0
	for x := first; x < min(int(middle+3*span)+1, n); x++ {
		d := math.Pi * (float64(x) + 0.5 - middle) / span
		v := 0.0
		switch {
		case d == 0:
			v = 1
		case math.Abs(d) < 3*math.Pi:
			v = 3 * math.Sin(d) * math.Sin(d/3) / (d * d)
		}
		weights = append(weights, v)
		sum += v
	}
	for k := range weights {
		weights[k] /= sum
	}
	return first, weights
}

// TestReducedPicturesAreAlikeToAResizeOfTheWhole is for each scale that a JPEG can
// be decoded at, just above and far above the size that is asked for, and for sizes
// that are no multiple of it.
func TestReducedPicturesAreAlikeToAResizeOfTheWhole(t *testing.T) {
	for _, size := range []image.Point{{X: 800, Y: 600}, {X: 801, Y: 601}, {X: 609, Y: 799}} {
		for name, data := range map[string][]byte{
			"landscape": testimage.JPEG(testimage.Landscape(size.X, size.Y), 95),
			"receipt":   testimage.JPEG(testimage.Receipt(size.X, size.Y), 95),
		} {
			whole := luma(t, data)
			for _, part := range []float64{1.01, 1.3, 2, 2.02, 2.4, 3, 4.03, 5, 8.02, 12} {
				box := int(float64(max(size.X, size.Y)) / part)
				p, err := preprocess.Options{MaxWidth: box, MaxHeight: box, Quality: 100}.Bytes(t.Context(), data)
				if err != nil {
					t.Fatal(err)
				}
				alike, err := ssim.Mean(luma(t, p.JPEG), lanczos(whole, p.Width, p.Height))
				if err != nil {
					t.Fatal(err)
				}
				t.Logf("%s of %v at 1/%g: SSIM %.4f", name, size, part, alike)
				if alike < leastAlike {
					t.Errorf("%s of %v at 1/%g: SSIM %.4f, want at least %g", name, size, part, alike, leastAlike)
				}
			}
		}
	}
}

// zoneSide is a zone plate's side, in pixels.
const zoneSide = 1024

// zonePlate has rings that become finer outwards, up to one pixel each at the
// middles of the sides.
func zonePlate(n int) *image.Gray {
	img := image.NewGray(image.Rect(0, 0, n, n))
	for i := range img.Pix {
		x, y := float64(i%n)+0.5-float64(n)/2, float64(i/n)+0.5-float64(n)/2
		img.Pix[i] = byte(math.Round(128 + 100*math.Cos(math.Pi*(x*x+y*y)/float64(n))))
	}
	return img
}

// TestWhatIsTooFineBecomesGrey would show moire: rings that are finer than the
// small picture's pixels can hold must vanish, and not come back as coarser ones.
func TestWhatIsTooFineBecomesGrey(t *testing.T) {
	data := testimage.JPEG(zonePlate(zoneSide), 98)
	whole := luma(t, data)
	for _, to := range []int{600, 512, 500, 366, 256, 200, 128, 100} {
		p, err := preprocess.Options{MaxWidth: to, MaxHeight: to, Quality: 100}.Bytes(t.Context(), data)
		if err != nil {
			t.Fatal(err)
		}
		small := luma(t, p.JPEG)
		got, best := tooFine(small), tooFine(lanczos(whole, to, to))
		t.Logf("at %d: %.2f levels, %.2f in a resize of the whole", to, got, best)
		if got > 8 {
			t.Errorf("at %d, rings too fine for it leave %.2f levels of the 71 they had", to, got)
		}
	}
}

// tooFine says how much is to be seen where a zone plate's rings are too fine for
// its small picture, in levels (root mean square).
func tooFine(small *image.Gray) float64 {
	// Rings at a part r of the way to the side's middle have r/2 periods a pixel of
	// the large picture, and the small one can hold half a period in its own. A
	// little beyond that a filter of finite size still lets through.
	to := small.Rect.Dx()
	beyond := 1.4 * float64(to) / zoneSide
	sum, count := 0.0, 0
	for i, v := range small.Pix[:to*small.Stride] {
		x, y := float64(2*(i%small.Stride)+1)/float64(to)-1, float64(2*(i/small.Stride)+1)/float64(to)-1
		if r := math.Hypot(x, y); r > beyond && r < 0.95 {
			sum += (float64(v) - 128) * (float64(v) - 128)
			count++
		}
	}
	return math.Sqrt(sum / float64(count))
}

// TestEdgesHaveNoHalo: beside a sharp edge there is no more than what Lanczos with
// 3 lobes adds, and nothing further away.
func TestEdgesHaveNoHalo(t *testing.T) {
	const n, dark, light = 960, 64, 192
	img := image.NewGray(image.Rect(0, 0, n, n))
	for i := range img.Pix {
		img.Pix[i] = light
		if i%n < 501 {
			img.Pix[i] = dark
		}
	}
	data := testimage.JPEG(img, 98)
	for _, to := range []int{800, 700, 480, 400, 343, 240, 200, 120, 100} {
		p, err := preprocess.Options{MaxWidth: to, MaxHeight: to, Quality: 100}.Bytes(t.Context(), data)
		if err != nil {
			t.Fatal(err)
		}
		small := luma(t, p.JPEG)
		row := small.Pix[to/2*small.Stride:][:to]
		edge, near, far := 501*float64(to)/n, 0, 0
		for x, v := range row {
			over := max(int(v)-light, dark-int(v))
			if math.Abs(float64(x)+0.5-edge) < 4 {
				near = max(near, over)
			} else {
				far = max(far, over)
			}
		}
		t.Logf("at %d: %d levels beside the edge, %d further away", to, near, far)
		if near > 13 || far > 2 {
			t.Errorf("at %d: %d levels beside the edge, %d further away, of an edge of %d", to, near, far, light-dark)
		}
	}
}
