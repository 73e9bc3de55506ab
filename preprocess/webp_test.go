package preprocess

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
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

// TestWebPsEXIFIsFoundBehindAnyChunk has a chunk of an odd size before it, which is
// filled up (RFC 9649, section 2.3), and EXIF that begins as in a JPEG.
func TestWebPsEXIFIsFoundBehindAnyChunk(t *testing.T) {
	file := testimage.WithEXIF(testimage.WebP(testimage.Landscape(30, 20)), testimage.EXIF{Orientation: 6, Make: "Acme"})
	at := bytes.LastIndex(file, []byte("EXIF"))
	block := file[at+8:]
	for name, data := range map[string][]byte{
		"odd":         riff(file[12:at], chunk("odd ", []byte{1, 2, 3}), chunk("EXIF", block)),
		"as in JPEGs": riff(file[12:at], chunk("EXIF", append([]byte("Exif\x00\x00"), block...))),
	} {
		want := metadata{orientation: 6, camera: "Acme"}
		if got := readMetadata("webp", data); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}

// TestGreyStaysGrey: a JPEG with one component is what a grey picture of any format
// becomes, as its planes go through without RGB.
func TestGreyStaysGrey(t *testing.T) {
	scene := testimage.Gray(testimage.Landscape(60, 40))
	for name, data := range map[string][]byte{"PNG": testimage.PNG(scene), "TIFF": testimage.TIFF(scene)} {
		for _, o := range []Options{{}, {MaxWidth: 20}} {
			p, err := o.Bytes(t.Context(), data)
			if err != nil {
				t.Fatal(err)
			}
			if img, err := jpeg.Decode(bytes.NewReader(p.JPEG)); err != nil || img.ColorModel() != color.GrayModel {
				t.Errorf("%s at %d x %d is not grey: %v", name, p.Width, p.Height, err)
			}
		}
	}
}

// TestCroppedPlanesKeepTheirColours crops where pixels share a sample of Cb and Cr,
// and where they do not.
func TestCroppedPlanesKeepTheirColours(t *testing.T) {
	whole := image.NewYCbCr(image.Rect(0, 0, 64, 48), image.YCbCrSubsampleRatio420)
	for i := range whole.Y {
		whole.Y[i] = byte(60 + i%64 + i/64)
	}
	for i := range whole.Cb {
		whole.Cb[i], whole.Cr[i] = byte(100+i%32), byte(150-i/32)
	}
	for _, corner := range []image.Point{{}, {X: 2, Y: 4}, {X: 1, Y: 2}, {X: 2, Y: 3}} {
		crop := whole.SubImage(image.Rect(corner.X, corner.Y, corner.X+40, corner.Y+30)).(*image.YCbCr)
		if _, ok := planesOf(crop, nil); ok != (corner.X%2 == 0 && corner.Y%2 == 0) {
			t.Errorf("at %v planes are taken: %v", corner, ok)
		}
		p, err := Options{Quality: 100}.withDefaults().render(crop, 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		img, err := jpeg.Decode(bytes.NewReader(p.JPEG))
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range []image.Point{{X: 4, Y: 4}, {X: 35, Y: 5}, {X: 20, Y: 25}} {
			r, g, b, _ := img.At(at.X, at.Y).RGBA()
			wr, wg, wb, _ := crop.At(corner.X+at.X, corner.Y+at.Y).RGBA()
			for i, d := range []int{int(r) - int(wr), int(g) - int(wg), int(b) - int(wb)} {
				if d/256 > 5 || d/256 < -5 {
					t.Errorf("cropped at %v, %v is %d levels off in colour %d", corner, at, d/256, i)
				}
			}
		}
	}
}
