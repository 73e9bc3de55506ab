package phash_test

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"sync"
	"testing"

	"github.com/disintegration/imaging"

	"vlocal/domain"
	"vlocal/internal/testimage"
	"vlocal/preprocess/phash"
)

// scenes are different pictures.
var scenes = sync.OnceValue(func() map[string]image.Image {
	all := map[string]image.Image{
		"lake": testimage.Landscape(200, 150), "fruit": testimage.StillLife(200, 150),
		"receipt": testimage.Receipt(300, 420), "chart": testimage.Chart(300, 200),
	}
	for name, img := range map[string]image.Image{"lake": all["lake"], "fruit": all["fruit"]} {
		all[name+" mirrored"] = imaging.FlipH(img)
		all[name+" on its side"] = imaging.Rotate90(img)
		all[name+" left"] = imaging.Crop(img, image.Rect(0, 0, 100, 150))
		all[name+" middle"] = imaging.Crop(img, image.Rect(50, 37, 150, 113))
	}
	return all
})

func compressed(t *testing.T, img image.Image, quality int) image.Image {
	t.Helper()
	out, err := jpeg.Decode(bytes.NewReader(testimage.JPEG(img, quality)))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAlikePicturesDifferInFewBits(t *testing.T) {
	for name, img := range scenes() {
		b, hash := img.Bounds(), phash.Of(img)
		inner := image.Rect(b.Dx()/100, b.Dy()/100, b.Dx()-b.Dx()/100, b.Dy()-b.Dy()/100)
		for change, c := range map[string]struct {
			img  image.Image
			most int
		}{
			"twice as large":  {imaging.Resize(img, b.Dx()*2, 0, imaging.Lanczos), 4},
			"a third":         {imaging.Resize(img, b.Dx()/3, 0, imaging.Lanczos), 4},
			"a thumbnail":     {imaging.Resize(img, 100, 0, imaging.Lanczos), 4},
			"another quality": {compressed(t, img, 30), 4},
			"grey":            {testimage.Gray(img), 4},
			"lighter":         {imaging.AdjustBrightness(img, 6), 6},
			"more contrast":   {imaging.AdjustContrast(img, 10), 6},
			"off the edges":   {imaging.Crop(img, inner), 6},
		} {
			if d := hash.Distance(phash.Of(c.img)); d > c.most {
				t.Errorf("%s, %s: %d bits apart, want at most %d", name, change, d, c.most)
			}
		}
	}
}

func TestDifferentPicturesDifferInManyBits(t *testing.T) {
	hashes := map[string]domain.PerceptualHash{}
	for name, img := range scenes() {
		hashes[name] = phash.Of(img)
	}
	for one, a := range hashes {
		for other, b := range hashes {
			if d := a.Distance(b); one != other && d < 16 {
				t.Errorf("%s and %s are %d bits apart", one, other, d)
			}
		}
	}
}

// The same picture must have one hash, whichever way it came.
func TestEveryKindOfImageHasTheSameHash(t *testing.T) {
	scene := testimage.Landscape(640, 360)
	ycbcr := compressed(t, scene, 95)
	rgba := image.NewRGBA(scene.Bounds())
	draw.Draw(rgba, rgba.Rect, ycbcr, image.Point{}, draw.Src)
	nrgba := imaging.Clone(ycbcr)
	part := image.NewRGBA(image.Rect(-7, -5, 690, 380))
	draw.Draw(part, scene.Bounds(), ycbcr, image.Point{}, draw.Src)
	want := phash.Of(ycbcr)
	for name, img := range map[string]image.Image{
		"RGBA": rgba, "NRGBA": nrgba, "grey": testimage.Gray(nrgba), "a part": part.SubImage(scene.Bounds()),
	} {
		if d := phash.Of(img).Distance(want); d > 2 {
			t.Errorf("%s is %d bits from YCbCr", name, d)
		}
	}
}

func TestEverySizeHasAHash(t *testing.T) {
	scene := testimage.Landscape(200, 150)
	for w := 2; w < 70; w += 5 {
		for _, h := range []int{1, 2, 31, 32, 33, 50} {
			img := imaging.Resize(scene, w, h, imaging.Box)
			if phash.Of(img) == 0 || phash.Of(testimage.Gray(img)) == 0 {
				t.Errorf("%d x %d has none", w, h)
			}
		}
	}
}

func TestAPictureWithNothingInItHasNoHash(t *testing.T) {
	for _, c := range []color.Color{color.White, color.Black, color.Gray{Y: 130}} {
		for _, size := range []int{1, 7, 300} {
			img := image.NewRGBA(image.Rect(0, 0, size, size))
			draw.Draw(img, img.Rect, image.NewUniform(c), image.Point{}, draw.Src)
			if hash := phash.Of(img); hash != 0 {
				t.Errorf("%v, %d pixels wide: %016x", c, size, hash)
			}
		}
	}
	if hash := phash.Of(image.NewGray(image.Rectangle{})); hash != 0 {
		t.Errorf("no pixels at all: %016x", hash)
	}
}

func BenchmarkOf(b *testing.B) {
	scene := testimage.Landscape(1920, 1080)
	rgba := image.NewRGBA(scene.Rect)
	draw.Draw(rgba, rgba.Rect, scene, image.Point{}, draw.Src)
	ycbcr := image.NewYCbCr(scene.Rect, image.YCbCrSubsampleRatio420)
	copy(ycbcr.Y, testimage.Gray(scene).Pix)
	for name, img := range map[string]image.Image{"YCbCr": ycbcr, "RGBA": rgba} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				phash.Of(img)
			}
		})
	}
}
