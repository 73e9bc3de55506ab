// Package heif reads still pictures in the HEIF container: HEIC (H.265) and AVIF
// (AV1).
//
// The container is read here: sizes, the grid of tiles that a phone stores, how the
// picture is turned, its colours. The video codecs inside are those of
// github.com/gen2brain/heic and github.com/gen2brain/avif, C libraries compiled to
// WebAssembly. They run in a box of their own (wazero): whatever a crafted file
// makes them do, it ends as an error, in memory that is bounded beforehand. They
// are compiled when the first such picture is met, which takes about a second and
// 30 MB; a program that meets none pays nothing.
//
// A picture is given as stored; Orientation says how to turn it. The orientation of
// its EXIF is what the camera knew and must not be applied (ISO/IEC 23008-12, 6.5.10
// and annex A).
package heif

import (
	"errors"
	"fmt"
	"image"
	"runtime"
)

// ErrUnsupported says that a file is sound as far as can be told, and not of a kind
// that is read here.
var ErrUnsupported = errors.New("cannot be read")

// Picture is the one that a file is opened with.
type Picture struct {
	// Width and Height are as stored, cropped and before turning.
	Width, Height int
	// Orientation is as in EXIF, 1 to 8.
	Orientation int
	// Profile is an ICC profile, nil where there is none. It goes before the
	// numbers.
	Profile []byte
	// Primaries and Curve say by their numbers in ITU-T H.273 what the colours are;
	// 0 where they are not told.
	Primaries, Curve int

	c      *container
	it     *item
	canvas image.Point     // what is stored
	crop   image.Rectangle // what is to be seen of it
	av1    bool
	deep   bool // more than 8 bits
}

// Open reads what a file tells of its picture, without decoding it. It keeps data.
func Open(data []byte) (*Picture, error) {
	c, err := parse(data)
	if err != nil {
		return nil, err
	}
	it, ok := c.items[c.primary]
	if !ok {
		return nil, errors.New("it does not say which picture is the main one")
	}
	p := &Picture{c: c, it: it, Orientation: 1}
	if err := p.readKind(); err != nil {
		return nil, err
	}
	if p.canvas, err = c.size(it); err != nil {
		return nil, err
	}
	p.crop = image.Rectangle{Max: p.canvas}
	p.readTransforms()
	p.readProfile()
	p.Width, p.Height = p.crop.Dx(), p.crop.Dy()
	return p, nil
}

// readKind finds the codec.
func (p *Picture) readKind() error {
	first := p.it
	if first.kind == "grid" && len(first.of) > 0 {
		first = p.c.item(first.of[0])
	}
	switch first.kind {
	case "hvc1":
	case "av01":
		p.av1 = true
		av1C := p.c.property(first, "av1C")
		p.deep = len(av1C) > 2 && av1C[2]&0x40 != 0 // high_bitdepth (AV1-ISOBMFF, 2.3.3)
	case "":
		return errors.New("the main picture is not in the list")
	default:
		return fmt.Errorf("%w: a picture of kind %q in it", ErrUnsupported, first.kind)
	}
	return nil
}

// size gives that of an item, by its ispe property (ISO/IEC 23008-12, 6.5.3).
func (c *container) size(it *item) (image.Point, error) {
	ispe := &cursor{b: c.property(it, "ispe")}
	ispe.full()
	w, h := ispe.number(4), ispe.number(4)
	if ispe.short || w == 0 || h == 0 || w > 1<<30 || h > 1<<30 {
		return image.Point{}, errors.New("it does not say how large it is")
	}
	return image.Pt(int(w), int(h)), nil
}

// readTransforms goes through clap, irot and imir in their order (6.5.9, 6.5.10 and
// 6.5.12).
func (p *Picture) readTransforms() {
	m := matrices[0]
	for _, t := range p.c.properties(p.it) {
		r := &cursor{b: t.body}
		switch t.kind {
		case "clap":
			p.readCrop(r)
		case "irot":
			m = m.then(turns[r.number(1)&3])
		case "imir":
			m = m.then(mirrors[r.number(1)&1])
		}
	}
	for i, other := range matrices {
		if m == other {
			p.Orientation = i + 1
		}
	}
}

// readCrop reads a clean aperture, of eight numbers: width, height and how far its
// middle is from the picture's, each with its divisor (ISO/IEC 14496-12, 12.1.4).
// One that is not within the picture is left out.
func (p *Picture) readCrop(r *cursor) {
	var v [4]float64
	for i := range v {
		n, d := int32(r.number(4)), int32(r.number(4))
		if r.short || d == 0 {
			return
		}
		v[i] = float64(n) / float64(d)
	}
	w, h := int(v[0]), int(v[1])
	x := int(v[2] + (float64(p.canvas.X)-v[0])/2)
	y := int(v[3] + (float64(p.canvas.Y)-v[1])/2)
	crop := image.Rect(x, y, x+w, y+h)
	if w > 0 && h > 0 && crop.In(image.Rectangle{Max: p.canvas}) {
		p.crop = crop
	}
}

// matrix says where the axes go: x' = a*x + b*y, y' = c*x + d*y.
type matrix struct{ a, b, c, d int }

func (m matrix) then(n matrix) matrix {
	return matrix{
		n.a*m.a + n.b*m.c, n.a*m.b + n.b*m.d,
		n.c*m.a + n.d*m.c, n.c*m.b + n.d*m.d,
	}
}

// matrices are those of the orientations 1 to 8; turns are quarters against the
// clock; mirrors swap top and bottom, left and right.
var (
	matrices = [8]matrix{
		{1, 0, 0, 1}, {-1, 0, 0, 1}, {-1, 0, 0, -1}, {1, 0, 0, -1},
		{0, 1, 1, 0}, {0, -1, 1, 0}, {0, -1, -1, 0}, {0, 1, -1, 0},
	}
	turns   = [4]matrix{matrices[0], matrices[7], matrices[2], matrices[5]}
	mirrors = [2]matrix{matrices[3], matrices[1]}
)

// Memory is how many bytes decoding takes at its peak, by measurement: an AVIF
// picture is held in the decoder as planes and twice as RGBA, and once outside; of a
// HEIC picture only some tiles, in as many instances as there are processors.
func (p *Picture) Memory() int64 {
	pixels := int64(p.canvas.X) * int64(p.canvas.Y)
	switch {
	case p.av1:
		return pixels*4 + int64(p.av1Limit())
	default:
		t, err := p.tiles()
		if err != nil {
			return pixels * 3
		}
		each := perInstance(t.size)
		instances := min(runtime.GOMAXPROCS(0), (len(t.items)+each-1)/each)
		return pixels*3 + int64(instances)*int64(hevcLimit(t.size))
	}
}
