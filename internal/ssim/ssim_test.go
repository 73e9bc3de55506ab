package ssim_test

import (
	"image"
	"math"
	"testing"

	"vlocal/internal/ssim"
	"vlocal/internal/testimage"
)

func mean(t *testing.T, a, b *image.Gray) float64 {
	t.Helper()
	got, err := ssim.Mean(a, b)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-9 {
		t.Errorf("%s: %.12f, want %.12f", what, got, want)
	}
}

// changed gives a copy with each sample as f has it.
func changed(p *image.Gray, f func(x, y int, v byte) byte) *image.Gray {
	c := image.NewGray(p.Rect)
	for i, v := range p.Pix {
		c.Pix[i] = f(i%p.Stride, i/p.Stride, v)
	}
	return c
}

// TestMeanIsThePapersFormula compares with equations 13 to 16, written out for each
// window, with the weights in two dimensions.
func TestMeanIsThePapersFormula(t *testing.T) {
	a := testimage.Gray(testimage.Landscape(40, 31))
	b := changed(a, func(x, y int, v byte) byte { return v + byte(x*y%7) })
	sum, n := 0.0, 0
	for y := range 31 - 10 {
		for x := range 40 - 10 {
			sum += direct(a, b, x, y)
			n++
		}
	}
	near(t, "the mean", mean(t, a, b), sum/float64(n))
}

func direct(a, b *image.Gray, x, y int) float64 {
	each := func(f func(w, va, vb float64)) {
		for j := range 11 {
			for i := range 11 {
				w := math.Exp(-float64((i-5)*(i-5)+(j-5)*(j-5)) / (2 * 1.5 * 1.5))
				f(w, float64(a.GrayAt(x+i, y+j).Y), float64(b.GrayAt(x+i, y+j).Y))
			}
		}
	}
	var all, ma, mb, sa, sb, sab float64
	each(func(w, va, vb float64) { all, ma, mb = all+w, ma+w*va, mb+w*vb })
	ma, mb = ma/all, mb/all
	each(func(w, va, vb float64) {
		sa, sb, sab = sa+w*(va-ma)*(va-ma), sb+w*(vb-mb)*(vb-mb), sab+w*(va-ma)*(vb-mb)
	})
	sa, sb, sab = sa/all, sb/all, sab/all
	const c1, c2 = 6.5025, 58.5225
	return (2*ma*mb + c1) * (2*sab + c2) / ((ma*ma + mb*mb + c1) * (sa + sb + c2))
}

func TestSameAndOppositePictures(t *testing.T) {
	a := testimage.Gray(testimage.StillLife(64, 48))
	near(t, "with itself", mean(t, a, a), 1)
	if got := mean(t, a, changed(a, func(_, _ int, v byte) byte { return 255 - v })); got > 0 {
		t.Errorf("with its negative: %f", got)
	}
	flat := func(v byte) *image.Gray { return changed(a, func(int, int, byte) byte { return v }) }
	near(t, "flat", mean(t, flat(100), flat(120)), (2*100*120+6.5025)/(100*100+120*120+6.5025))
}

// TestWhatTheEyeMindsCountsMore: of the same mean square error, a shift of all
// levels is hardly seen, and noise is.
func TestWhatTheEyeMindsCountsMore(t *testing.T) {
	a := testimage.Gray(testimage.StillLife(200, 150))
	a = changed(a, func(_, _ int, v byte) byte { return min(v, 245) / 2 * 2 })
	lighter := mean(t, a, changed(a, func(_, _ int, v byte) byte { return v + 10 }))
	noisy := mean(t, a, changed(a, func(x, y int, v byte) byte {
		if (x*7919+y*104729)%5 < 2 == (x%2 == 0) {
			return v + 10
		}
		return v - min(v, 10)
	}))
	if lighter < 0.97 || noisy > 0.9 {
		t.Errorf("lighter %.3f, noisy %.3f", lighter, noisy)
	}
}

func TestPartsOfPicturesAreCompared(t *testing.T) {
	whole := testimage.Gray(testimage.Landscape(60, 40))
	part := whole.SubImage(image.Rect(10, 5, 40, 30)).(*image.Gray)
	alone := image.NewGray(image.Rect(0, 0, 30, 25))
	for y := range 25 {
		copy(alone.Pix[y*30:][:30], whole.Pix[(y+5)*60+10:])
	}
	near(t, "a part", mean(t, part, alone), 1)
}

func TestPicturesThatCannotBeComparedAreAnError(t *testing.T) {
	large, small := image.NewGray(image.Rect(0, 0, 20, 20)), image.NewGray(image.Rect(0, 0, 10, 20))
	for _, c := range [][2]*image.Gray{{large, small}, {small, small}} {
		if got, err := ssim.Mean(c[0], c[1]); err == nil {
			t.Errorf("%v and %v: %f", c[0].Rect, c[1].Rect, got)
		}
	}
}

func BenchmarkMean(b *testing.B) {
	p := testimage.Gray(testimage.StillLife(1440, 1080))
	for b.Loop() {
		if _, err := ssim.Mean(p, p); err != nil {
			b.Fatal(err)
		}
	}
}
