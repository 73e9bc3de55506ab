package jpeg_test

import (
	"bytes"
	"image"
	stdjpeg "image/jpeg"
	"testing"

	"vlocal/internal/testimage"
	"vlocal/preprocess/jpeg"
)

func encode(t testing.TB, img image.Image, quality int) []byte {
	t.Helper()
	data, err := jpeg.Encode(nil, img, quality)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// planes gives a made up picture as image.YCbCr.
func planes(w, h int, ratio image.YCbCrSubsampleRatio) *image.YCbCr {
	whole, err := stdjpeg.Decode(bytes.NewReader(testPhoto(w, h)))
	if err != nil {
		panic(err)
	}
	from := whole.(*image.YCbCr)
	img := image.NewYCbCr(from.Rect, ratio)
	for y := range h {
		for x := range w {
			c := from.YCbCrAt(x, y)
			img.Y[img.YOffset(x, y)] = c.Y
			img.Cb[img.COffset(x, y)], img.Cr[img.COffset(x, y)] = c.Cb, c.Cr
		}
	}
	return img
}

func TestEncodedPicturesAreAsGoodAsThoseOfTheStandardLibrary(t *testing.T) {
	for _, quality := range []int{1, 30, 85, 95, 100} {
		for _, img := range []image.Image{
			planes(133, 71, image.YCbCrSubsampleRatio420), planes(16, 16, image.YCbCrSubsampleRatio420),
			testimage.Gray(testimage.StillLife(133, 71)), testimage.Gray(testimage.StillLife(1, 1)),
		} {
			own := encode(t, img, quality)
			var std bytes.Buffer
			if err := stdjpeg.Encode(&std, img, &stdjpeg.Options{Quality: quality}); err != nil {
				t.Fatal(err)
			}
			a, err := stdjpeg.Decode(bytes.NewReader(own))
			if err != nil {
				t.Fatal(quality, img.Bounds(), err)
			}
			b, err := stdjpeg.Decode(&std)
			if err != nil {
				t.Fatal(err)
			}
			lossOwn, _ := apart(a, img)
			lossStd, _ := apart(b, img)
			if lossOwn > lossStd*1.02+0.01 {
				t.Errorf("%T %v at %d: %.3f levels lost, the standard library %.3f", img, img.Bounds(), quality, lossOwn, lossStd)
			}
		}
	}
}

func TestEncodedPicturesAreNoLargerThanThoseOfTheStandardLibrary(t *testing.T) {
	img := planes(600, 400, image.YCbCrSubsampleRatio420)
	var std bytes.Buffer
	if err := stdjpeg.Encode(&std, img, &stdjpeg.Options{Quality: 85}); err != nil {
		t.Fatal(err)
	}
	if own := len(encode(t, img, 85)); own > std.Len()*1005/1000 {
		t.Errorf("%d bytes, the standard library %d", own, std.Len())
	}
}

func TestEverySamplingIsEncodedAsItIs(t *testing.T) {
	for _, ratio := range []image.YCbCrSubsampleRatio{
		image.YCbCrSubsampleRatio444, image.YCbCrSubsampleRatio422, image.YCbCrSubsampleRatio420,
		image.YCbCrSubsampleRatio440, image.YCbCrSubsampleRatio411, image.YCbCrSubsampleRatio410,
	} {
		img := planes(61, 43, ratio)
		got, err := stdjpeg.Decode(bytes.NewReader(encode(t, img, 95)))
		if err != nil {
			t.Fatal(ratio, err)
		}
		if got.(*image.YCbCr).SubsampleRatio != ratio {
			t.Errorf("%v became %v", ratio, got.(*image.YCbCr).SubsampleRatio)
		}
		if mean, _ := apart(got, img); mean > 2 {
			t.Errorf("%v: %.2f levels away", ratio, mean)
		}
	}
}

// TestTheHardestSamplesAreEncoded has the largest coefficients, and bytes of
// 0xff in the data.
func TestTheHardestSamplesAreEncoded(t *testing.T) {
	img := image.NewGray(image.Rect(0, 0, 64, 64))
	for i := range img.Pix {
		img.Pix[i] = byte((i*2654435761>>7 ^ i/8 ^ i/64) & 1 * 255)
	}
	for _, quality := range []int{50, 100} {
		data := encode(t, img, quality)
		got, report, err := jpeg.Decode(data, jpeg.Options{})
		if err != nil || report.Warnings != nil {
			t.Fatal(err, report)
		}
		if mean, _ := apart(got.Image(), img); mean > 25 {
			t.Errorf("at %d %.1f levels away", quality, mean)
		}
	}
}

func TestWhatCannotBeEncodedIsRefused(t *testing.T) {
	part := planes(32, 32, image.YCbCrSubsampleRatio420).SubImage(image.Rect(3, 3, 20, 20))
	for _, img := range []image.Image{image.NewRGBA(image.Rect(0, 0, 4, 4)), image.NewGray(image.Rectangle{}), part} {
		if _, err := jpeg.Encode(nil, img, 85); err == nil {
			t.Errorf("%T %v was encoded", img, img.Bounds())
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	img := planes(1440, 1080, image.YCbCrSubsampleRatio420)
	for name, f := range map[string]func() int{
		"own": func() int { return len(encode(b, img, 85)) },
		"image/jpeg": func() int {
			var buf bytes.Buffer
			if err := stdjpeg.Encode(&buf, img, &stdjpeg.Options{Quality: 85}); err != nil {
				b.Fatal(err)
			}
			return buf.Len()
		},
	} {
		b.Run(name, func(b *testing.B) {
			n := 0
			for b.Loop() {
				n = f()
			}
			b.ReportMetric(float64(n), "bytes")
		})
	}
}
