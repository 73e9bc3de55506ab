package jpeg_test

import (
	"bytes"
	"testing"

	"vlocal/internal/testimage"
	"vlocal/preprocess/jpeg"
)

// FuzzDecode looks for files that make the decoder panic, give a picture that
// does not hold what it says or is another the next time, or an error without a
// kind.
func FuzzDecode(f *testing.F) {
	for _, p := range kinds() {
		if p.w > 100 {
			continue
		}
		data := p.file()
		f.Add(data, byte(0))
		f.Add(data, byte(3))
		f.Add(data[:len(data)*2/3], byte(4))
	}
	f.Add(testPhoto(64, 48), byte(5))
	f.Add(testimage.CMYK(testimage.StillLife(20, 20)), byte(6))
	for _, data := range testimage.Broken() {
		f.Add(data, byte(7))
	}
	f.Fuzz(func(t *testing.T, data []byte, how byte) {
		h, err := jpeg.ReadHeader(data)
		if err != nil || h.Width*h.Height > 1<<20 {
			return
		}
		r := 1 << (how & 3)
		o := jpeg.Options{Tolerant: how&4 != 0, MinWidth: h.Width / r, MinHeight: h.Height / r}
		p, report, err := jpeg.Decode(data, o)
		if err != nil {
			known(t, err)
			return
		}
		if w, hh := o.Size(h); p.Width != w || p.Height != hh || report.Sound < 0 || report.Sound > 1 {
			t.Fatalf("%d x %d, %+v", p.Width, p.Height, report)
		}
		for c, plane := range p.Planes {
			if plane.Width < 1 || len(plane.Pix) < (plane.Height-1)*plane.Stride+plane.Width {
				t.Fatalf("plane %d holds too little", c)
			}
		}
		img := p.Image()
		img.At(p.Width-1, p.Height-1)
		first := visible(p)
		copied, isPlain := p.Plain(nil, 100)
		// Nothing of one picture may shine through in the next.
		for i := range p.Planes {
			pix := p.Planes[i].Pix
			for j := range pix {
				pix[j] = 0x55
			}
		}
		p.Release()
		p, _, err = jpeg.Decode(data, o)
		if err != nil || !bytes.Equal(visible(p), first) {
			t.Fatal("the second time it is another picture: ", err)
		}
		if isPlain {
			again, report, err := jpeg.Decode(copied, jpeg.Options{})
			if err != nil || report.Warnings != nil || !bytes.Equal(visible(again), first) {
				t.Fatal("without its metadata it is another picture: ", err, report)
			}
			again.Release()
		}
		if encoded, err := jpeg.Encode(nil, p.Image(), 50); err == nil {
			if _, _, err := jpeg.Decode(encoded, jpeg.Options{}); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// visible gives the samples of a picture, without what fills up its blocks.
func visible(p *jpeg.Picture) (all []byte) {
	for _, plane := range p.Planes {
		for y := range plane.Height {
			all = append(all, plane.Pix[y*plane.Stride:][:plane.Width]...)
		}
	}
	return all
}
