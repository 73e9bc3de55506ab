package builtin_test

import (
	"image"
	"image/color"
	"image/draw"
	"strings"
	"testing"

	"vlocal/internal/testimage"
)

func TestSharpIsToldFromBlurred(t *testing.T) {
	for name, scene := range map[string]func(w, h int) *image.NRGBA{
		"landscape": testimage.Landscape, "still life": testimage.StillLife, "receipt": testimage.Receipt, "chart": testimage.Chart,
	} {
		for _, w := range []int{300, 640} {
			img := scene(w, w*3/4)
			for _, c := range []struct {
				what string
				img  image.Image
				want string
			}{
				{"as it is", img, "sharp"},
				{"with a third of the contrast", pale(img), "sharp"},
				{"blurred", smeared(img, w/100+2), "blurred"},
				{"much blurred", smeared(img, w/40), "blurred"},
			} {
				if got := focusOf(text(t, c.img)); got != c.want {
					t.Errorf("%s of %d pixels %s is %q", name, w, c.what, got)
				}
			}
		}
		soft := scene(400, 300)
		if got := focusOf(text(t, smeared(soft, 1))); got != "a little soft" {
			t.Errorf("%s, slightly blurred, is %q", name, got)
		}
	}
	for name, img := range map[string]image.Image{
		"plain": plain(600, 400, color.Gray{90}), "a pixel": plain(1, 1, color.White), "a line": plain(500, 1, color.White),
	} {
		if got := focusOf(text(t, img)); got != "" {
			t.Errorf("%s is %q", name, got)
		}
	}
}

func focusOf(answer string) string {
	for _, f := range []string{"sharp", "a little soft", "blurred"} {
		if strings.Contains(answer, ", "+f) {
			return f
		}
	}
	return ""
}

// pale has a third of the contrast.
func pale(img *image.NRGBA) image.Image {
	out := image.NewNRGBA(img.Rect)
	for i, v := range img.Pix {
		out.Pix[i] = 100 + v/3
		if i%4 == 3 {
			out.Pix[i] = 255
		}
	}
	return out
}

// smeared is the picture after three means over 2*reach+1 pixels in each
// direction, which is nearly a Gaussian.
func smeared(img image.Image, reach int) image.Image {
	b := img.Bounds()
	out := image.NewNRGBA(b)
	draw.Draw(out, b, img, b.Min, draw.Src)
	for range 3 {
		for y := range b.Dy() {
			mean(out.Pix[y*out.Stride:], 4, b.Dx(), reach)
		}
		for x := range b.Dx() {
			mean(out.Pix[x*4:], out.Stride, b.Dy(), reach)
		}
	}
	return out
}

// mean smooths a line of count pixels that are step bytes apart.
func mean(pix []byte, step, count, reach int) {
	line := make([]int, count)
	for c := range 3 {
		for i := range line {
			line[i] = int(pix[i*step+c])
		}
		sum := 0
		at := func(i int) int { return line[min(max(i, 0), count-1)] }
		for i := -reach; i <= reach; i++ {
			sum += at(i)
		}
		for i := range line {
			pix[i*step+c] = byte(sum / (2*reach + 1))
			sum += at(i+reach+1) - at(i-reach)
		}
	}
}
