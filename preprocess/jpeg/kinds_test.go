package jpeg_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	stdjpeg "image/jpeg"
	"math"
	"testing"

	"vlocal/preprocess/jpeg"
)

func sampling(hv ...int) (s []jpeg.Sampling) {
	for _, x := range hv {
		s = append(s, jpeg.Sampling{H: x / 10, V: x % 10})
	}
	return s
}

const (
	jfif      = "\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
	adobe     = "\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00"
	adobeNone = adobe + "\x00"
	adobeYCC  = adobe + "\x01"
	adobeYCCK = adobe + "\x02"
)

// slow is a progressive order that gives bit after bit and band after band.
var slow = []scan{
	{[]int{0}, 0, 0, 0, 3}, {[]int{1, 2}, 0, 0, 0, 2}, {[]int{0, 1, 2}, 0, 0, 3, 2},
	{[]int{0}, 1, 10, 0, 3}, {[]int{0}, 11, 63, 0, 1}, {[]int{0}, 1, 10, 3, 2},
	{[]int{0}, 1, 10, 2, 1}, {[]int{0}, 1, 63, 1, 0}, {[]int{2}, 1, 1, 0, 0},
	{[]int{0, 1, 2}, 0, 0, 2, 1}, {[]int{0}, 0, 0, 1, 0}, {[]int{1}, 0, 0, 1, 0},
	{[]int{2}, 0, 0, 1, 0}, {[]int{1}, 1, 63, 0, 2}, {[]int{1}, 1, 63, 2, 1},
	{[]int{1}, 1, 63, 1, 0}, {[]int{2}, 2, 63, 0, 0},
}

var greySlow = []scan{
	{[]int{0}, 0, 0, 0, 1}, {[]int{0}, 1, 63, 0, 1}, {[]int{0}, 0, 0, 1, 0}, {[]int{0}, 1, 63, 1, 0},
}

// kinds is one picture of every kind.
func kinds() map[string]*picture {
	all := map[string]*picture{
		"grey":                  {w: 61, h: 43, sampling: sampling(11)},
		"grey, sampled 2x2":     {w: 61, h: 43, sampling: sampling(22), restart: 5},
		"grey, progressive":     {w: 61, h: 43, sampling: sampling(11), scans: greySlow},
		"one pixel":             {w: 1, h: 1, sampling: sampling(22, 11, 11)},
		"RGB by Adobe":          {w: 30, h: 20, sampling: sampling(11, 11, 11), head: adobeNone},
		"RGB by names":          {w: 30, h: 20, sampling: sampling(11, 11, 11), names: "RGB"},
		"CMYK":                  {w: 37, h: 20, sampling: sampling(11, 11, 11, 11), head: adobeNone},
		"CMYK without Adobe":    {w: 37, h: 20, sampling: sampling(11, 11, 11, 11)},
		"YCCK":                  {w: 37, h: 20, sampling: sampling(22, 11, 11, 22), head: adobeYCCK},
		"wide steps":            {w: 40, h: 20, sampling: sampling(21, 11, 11), wide: true, head: jfif + adobeYCC},
		"components apart":      {w: 61, h: 43, sampling: sampling(22, 11, 11), apart: true, restart: 7},
		"progressive, restarts": {w: 75, h: 91, sampling: sampling(22, 11, 11), scans: usual, restart: 3},
		"progressive, slow":     {w: 75, h: 91, sampling: sampling(22, 11, 11), scans: slow},
		"progressive, large":    {w: 700, h: 300, sampling: sampling(11, 11, 11), scans: usual},
	}
	for _, s := range [][]int{
		{11, 11, 11}, {21, 11, 11}, {22, 11, 11}, {12, 11, 11}, {41, 11, 11}, {42, 11, 11},
		{44, 11, 11}, {14, 11, 11}, {24, 11, 11}, {31, 11, 11}, {33, 11, 11}, {22, 21, 11},
		{11, 22, 11}, {22, 12, 21}, {31, 21, 11}, {43, 12, 31}, {42, 21, 21}, {21, 21, 21},
	} {
		name := fmt.Sprint(s)
		all["sampled "+name] = &picture{w: 61, h: 43, sampling: sampling(s...), restart: len(all) % 4}
		all["progressive, sampled "+name] = &picture{w: 53, h: 70, sampling: sampling(s...), scans: usual}
	}
	seed := uint64(1)
	for _, p := range all {
		p.fill(seed)
	}
	return all
}

// options ask for a picture of 1/r of its size.
func options(p *picture, r int) jpeg.Options {
	if r == 1 {
		return jpeg.Options{}
	}
	return jpeg.Options{MinWidth: up(p.w, r), MinHeight: up(p.h, r)}
}

func TestEveryKindIsTheInverseDCTAtEveryScale(t *testing.T) {
	for name, p := range kinds() {
		data := p.file()
		for _, n := range []int{8, 4, 2, 1} {
			t.Run(fmt.Sprintf("%s/%d", name, n), func(t *testing.T) {
				o := options(p, 8/n)
				if p.w == 1 {
					n = 1 // the smallest is always large enough
					o = jpeg.Options{MinWidth: 1, MinHeight: 1}
				}
				got, report, err := jpeg.Decode(data, o)
				if err != nil || report.Warnings != nil || report.Sound != 1 {
					t.Fatal(err, report)
				}
				if got.Width != up(p.w*n, 8) || got.Height != up(p.h*n, 8) {
					t.Fatalf("it is %d x %d", got.Width, got.Height)
				}
				for c, plane := range got.Planes {
					comparePlane(t, p, c, n, plane)
				}
			})
		}
	}
}

func comparePlane(t *testing.T, p *picture, c, n int, got jpeg.Plane) {
	t.Helper()
	s, most := p.sampling[c], p.most()
	if got.Width != up(p.w*s.H*n, 8*most.H) || got.Height != up(p.h*s.V*n, 8*most.V) {
		t.Fatalf("plane %d is %d x %d", c, got.Width, got.Height)
	}
	want, stride, _ := p.want(c, n)
	worst := 0.0
	for y := range got.Height {
		for x := range got.Width {
			d := math.Abs(float64(got.Pix[y*got.Stride+x]) - want[y*stride+x])
			worst = max(worst, d)
		}
	}
	if worst > 1 {
		t.Errorf("plane %d is up to %.2f levels away", c, worst)
	}
}

func TestWholePicturesAgreeWithTheStandardLibrary(t *testing.T) {
	read := 0
	for name, p := range kinds() {
		want, err := stdjpeg.Decode(bytes.NewReader(p.file()))
		if err != nil {
			continue // it cannot read every kind
		}
		read++
		got, _, err := jpeg.Decode(p.file(), jpeg.Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		img := got.Image()
		if fmt.Sprintf("%T", img) != fmt.Sprintf("%T", want) || img.Bounds() != want.Bounds() {
			t.Errorf("%s: %T %v, want %T %v", name, img, img.Bounds(), want, want.Bounds())
			continue
		}
		if y, ok := want.(*image.YCbCr); ok && y.SubsampleRatio != img.(*image.YCbCr).SubsampleRatio {
			t.Errorf("%s: sampled %v, want %v", name, img.(*image.YCbCr).SubsampleRatio, y.SubsampleRatio)
		}
		// YCCK with fewer samples for CbCr is made larger in another way.
		if mean, worst := apart(img, want); worst > 4 && name != "YCCK" || mean > 3 {
			t.Errorf("%s: %.3f levels away, %d at worst", name, mean, worst)
		}
	}
	if read < 15 {
		t.Errorf("the standard library read only %d kinds", read)
	}
}

// apart gives the mean and the largest difference of the channels, in levels.
func apart(a, b image.Image) (mean float64, worst int) {
	r := a.Bounds()
	for y := range r.Dy() {
		for x := range r.Dx() {
			for c, v := range channels(a.At(x, y)) {
				d := v - channels(b.At(x, y))[c]
				d = max(d, -d)
				mean += float64(d)
				worst = max(worst, d)
			}
		}
	}
	return mean / float64(4*r.Dx()*r.Dy()), worst
}

func channels(c color.Color) [4]int {
	switch c := c.(type) {
	case color.CMYK:
		return [4]int{int(c.C), int(c.M), int(c.Y), int(c.K)}
	case color.YCbCr:
		return [4]int{int(c.Y), int(c.Cb), int(c.Cr), 0}
	}
	r, g, b, _ := c.RGBA()
	return [4]int{int(r >> 8), int(g >> 8), int(b >> 8), 0}
}

func TestModels(t *testing.T) {
	for name, want := range map[string]jpeg.Model{
		"grey": jpeg.Grey, "RGB by Adobe": jpeg.RGB, "RGB by names": jpeg.RGB, "CMYK": jpeg.CMYK,
		"CMYK without Adobe": jpeg.CMYK, "YCCK": jpeg.YCCK, "wide steps": jpeg.YCbCr, "one pixel": jpeg.YCbCr,
	} {
		if h, err := jpeg.ReadHeader(kinds()[name].file()); err != nil || h.Model != want {
			t.Errorf("%s is %v (%v), want %v", name, h.Model, err, want)
		}
	}
}

func TestOnlyAdobesInkIsInverted(t *testing.T) {
	ink := func(name string) color.CMYK {
		p, _, err := jpeg.Decode(kinds()[name].file(), jpeg.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return p.Image().(*image.CMYK).CMYKAt(3, 3)
	}
	a, b := ink("CMYK"), ink("CMYK without Adobe")
	if a != (color.CMYK{255 - b.C, 255 - b.M, 255 - b.Y, 255 - b.K}) {
		t.Errorf("with Adobe %v, without %v", a, b)
	}
}

func TestSamplingThatImageYCbCrLacksBecomesWhole(t *testing.T) {
	p, _, err := jpeg.Decode(kinds()["sampled [43 12 31]"].file(), jpeg.Options{})
	if err != nil {
		t.Fatal(err)
	}
	img := p.Image().(*image.YCbCr)
	if img.SubsampleRatio != image.YCbCrSubsampleRatio444 || img.Bounds() != image.Rect(0, 0, 61, 43) {
		t.Fatal(img.SubsampleRatio, img.Bounds())
	}
	if y, cb, cr := len(img.Y), len(img.Cb), len(img.Cr); y < 61*43 || cb < 61*43 || cr < 61*43 {
		t.Error(y, cb, cr)
	}
	// In the middle of a plane's samples they are as they were.
	if v := img.YCbCrAt(30, 20).Y; v != p.Planes[0].Pix[20*p.Planes[0].Stride+30] {
		t.Errorf("Y became %d", v)
	}
}
