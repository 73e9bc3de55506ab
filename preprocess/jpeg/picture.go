package jpeg

import (
	"image"
	"image/color"
)

// Plane is one component of a picture.
type Plane struct {
	// Pix has Height rows, each Stride bytes after the one before, of which the
	// first Width are samples.
	Pix           []byte
	Stride        int
	Width, Height int
	// Sampling is that of the component, as the header has it.
	Sampling Sampling
}

// Picture is a decoded picture, each component as often as it is sampled.
type Picture struct {
	// Width and Height are in pixels, after the reduction.
	Width, Height int
	// Reduction is what the stored size was divided by: 1, 2, 4 or 8.
	Reduction int
	Model     Model
	// Inverted says of CMYK and YCCK that 255 stands for no ink.
	Inverted bool
	// Planes has one for each component. One that is sampled less than the
	// picture covers it all the same: sample 0 begins where pixel 0 begins.
	Planes []Plane

	most    Sampling
	samples []byte

	// What Plain needs.
	file    []byte
	kept    kept
	damaged bool
	names   [4]byte
	quant   [4]*[64]uint16 // of each plane, in zigzag order
}

func (d *decoder) picture(h Header, samples []byte) *Picture {
	w, height := d.o.Size(h)
	p := &Picture{
		Width: w, Height: height, Reduction: d.o.Reduction(h),
		Model: h.Model, Inverted: h.Adobe, most: h.largest(), samples: samples,
	}
	for i := range d.n {
		from := &d.planes[i]
		p.Planes = append(p.Planes, Plane{from.pix, from.stride, from.width, from.height, h.Sampling[i]})
	}
	d.keepFile(p)
	return p
}

// Release gives the planes' memory to the next picture. Neither p nor an image
// that shares its memory may be used afterwards.
func (p *Picture) Release() {
	back(&samplePool, p.samples)
	*p = Picture{}
}

func (p *Picture) bounds() image.Rectangle { return image.Rect(0, 0, p.Width, p.Height) }

// Image gives an *image.Gray, *image.YCbCr, *image.RGBA or *image.CMYK. The
// first two share p's memory where they can: image.YCbCr does not know every
// sampling, and what it does not know becomes 4:4:4.
func (p *Picture) Image() image.Image {
	switch p.Model {
	case Grey:
		return &image.Gray{Pix: p.Planes[0].Pix, Stride: p.Planes[0].Stride, Rect: p.bounds()}
	case YCbCr:
		return p.ycbcr()
	case RGB:
		return p.rgba()
	}
	return p.cmyk()
}

// ImageBytes is how many bytes Image allocates.
func (p *Picture) ImageBytes() int64 {
	pixels := int64(p.Width) * int64(p.Height)
	var sum int64
	if p.Model == YCbCr {
		if _, ok := p.ratio(); ok {
			return 0
		}
	}
	for _, plane := range p.Planes {
		if plane.Width != p.Width || plane.Height != p.Height {
			sum += pixels
		}
	}
	if p.Model == RGB || p.Model == CMYK || p.Model == YCCK {
		sum += 4 * pixels
	}
	return sum
}

// ratios are those of the first plane's sampling to that of the others.
var ratios = map[Sampling]image.YCbCrSubsampleRatio{
	{1, 1}: image.YCbCrSubsampleRatio444,
	{2, 1}: image.YCbCrSubsampleRatio422,
	{2, 2}: image.YCbCrSubsampleRatio420,
	{1, 2}: image.YCbCrSubsampleRatio440,
	{4, 1}: image.YCbCrSubsampleRatio411,
	{4, 2}: image.YCbCrSubsampleRatio410,
}

// ratio gives the name of the planes' sampling, if image.YCbCr has one.
func (p *Picture) ratio() (image.YCbCrSubsampleRatio, bool) {
	y, cb, cr := p.Planes[0].Sampling, p.Planes[1].Sampling, p.Planes[2].Sampling
	if y != p.most || cb != cr || y.H%cb.H != 0 || y.V%cb.V != 0 {
		return 0, false
	}
	r, ok := ratios[Sampling{y.H / cb.H, y.V / cb.V}]
	return r, ok
}

func (p *Picture) ycbcr() *image.YCbCr {
	ratio, ok := p.ratio()
	y, cb, cr := p.Planes[0], p.Planes[1], p.Planes[2]
	if !ok {
		ratio = image.YCbCrSubsampleRatio444
		y, cb, cr = p.full(0), p.full(1), p.full(2)
		if cb.Stride != cr.Stride { // one was made anew, the other was full
			cb, cr = p.resample(cb), p.resample(cr)
		}
	}
	return &image.YCbCr{
		Y: y.Pix, Cb: cb.Pix, Cr: cr.Pix, YStride: y.Stride, CStride: cb.Stride,
		SubsampleRatio: ratio, Rect: p.bounds(),
	}
}

func (p *Picture) rgba() *image.RGBA {
	img := image.NewRGBA(p.bounds())
	p.interleave(img.Pix, 0)
	for i := 3; i < len(img.Pix); i += 4 {
		img.Pix[i] = 255
	}
	return img
}

// cmyk gives ink as image.CMYK has it: 255 for all of it.
func (p *Picture) cmyk() *image.CMYK {
	img := image.NewCMYK(p.bounds())
	invert := byte(0)
	if p.Inverted {
		invert = 255
	}
	p.interleave(img.Pix, invert)
	if p.Model != YCCK {
		return img
	}
	for i := 0; i+3 < len(img.Pix); i += 4 {
		px := img.Pix[i : i+3 : i+3]
		// As Adobe writes it, with 255 for no ink, what YCbCr gives is CMY
		// inverted twice.
		r, g, b := color.YCbCrToRGB(px[0]^invert, px[1]^invert, px[2]^invert)
		if !p.Inverted {
			r, g, b = 255-r, 255-g, 255-b
		}
		px[0], px[1], px[2] = r, g, b
	}
	return img
}

// interleave writes the planes into pixels of 4 bytes.
func (p *Picture) interleave(pix []byte, invert byte) {
	for c := range p.Planes {
		plane := p.full(c)
		for y := range p.Height {
			row := plane.Pix[y*plane.Stride:][:p.Width]
			out := pix[y*p.Width*4+c:]
			for x, v := range row {
				out[x*4] = v ^ invert
			}
		}
	}
}

// full gives a plane with a sample for each pixel.
func (p *Picture) full(c int) Plane {
	if p.Planes[c].Sampling == p.most {
		return p.Planes[c]
	}
	return p.resample(p.Planes[c])
}

// resample makes a plane with a sample for each pixel, by linear interpolation
// between the middles of samples.
func (p *Picture) resample(from Plane) Plane {
	to := Plane{make([]byte, p.Width*p.Height), p.Width, p.Width, p.Height, p.most}
	across := taps(p.Width, from.Width, from.Sampling.H, p.most.H)
	for y, t := range taps(p.Height, from.Height, from.Sampling.V, p.most.V) {
		upper := from.Pix[t.a*from.Stride:][:from.Width]
		lower := from.Pix[t.b*from.Stride:][:from.Width]
		row := to.Pix[y*p.Width:][:p.Width]
		for x, u := range across {
			top := int(upper[u.a])*(one-u.part) + int(upper[u.b])*u.part
			bottom := int(lower[u.a])*(one-u.part) + int(lower[u.b])*u.part
			row[x] = byte((top*(one-t.part) + bottom*t.part + one*one/2) / (one * one))
		}
	}
	return to
}

// tap says of a pixel which two samples it lies between: it takes part/one of
// the second.
type tap struct{ a, b, part int }

const one = 256

// taps gives those of n pixels over samples that are taken h times where the
// pixels are most.
func taps(n, samples, h, most int) []tap {
	all := make([]tap, n)
	for i := range all {
		at := max((2*i+1)*h*one/(2*most)-one/2, 0)
		a := min(at/one, samples-1)
		all[i] = tap{a, min(a+1, samples-1), at % one}
	}
	return all
}
