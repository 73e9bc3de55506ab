package testimage

import (
	"bytes"
	"compress/zlib"
	"image"
	"image/color"
	"slices"
)

// TIFFKind says how PlainTIFF stores a picture.
type TIFFKind struct {
	// Colours are by the number of PhotometricInterpretation: 0 and 1 grey, 2 RGB, 3
	// palette (of greys), 5 CMYK.
	Colours int
	// Bits are those of a sample: 1, 2, 4, 8 or 16.
	Bits int
	// Extra adds a sample to each pixel: 1 for one without meaning, 2 for
	// transparency, which is that of the picture.
	Extra int
	// Compression is 1 for none, 5 for LZW, 8 for deflate, 32773 for PackBits, 7 for
	// JPEG, whose tables are shared.
	Compression int
	// Predictor stores differences.
	Predictor bool
	// Tile is the side of the tiles; 0 for strips of 16 rows.
	Tile int
	// Planes stores one colour after the other.
	Planes bool
	// Format is that of samples, 3 for floating point.
	Format int
	// Next adds a second page, of 8 by 8 pixels.
	Next bool
}

// PlainTIFF is a TIFF file.
//
// Source: TIFF 6.0; Technical Note 2 for JPEG.
func PlainTIFF(img image.Image, k TIFFKind) []byte {
	b := img.Bounds()
	k.Bits, k.Compression = max(k.Bits, 1), max(k.Compression, 1)
	blockW, blockH := b.Dx(), 16
	if k.Tile > 0 {
		blockW, blockH = k.Tile, k.Tile
	}
	n := len(k.samples(color.Black))
	planes, together := 1, n
	if k.Planes {
		planes, together = n, 1
	}
	out := []byte("II*\x00\x00\x00\x00\x00")
	var places, sizes []byte
	var tables []byte
	for plane := range planes {
		for y := b.Min.Y; y < b.Max.Y; y += blockH {
			for x := b.Min.X; x < b.Max.X; x += blockW {
				r := image.Rect(x, y, x+blockW, y+blockH)
				if k.Tile == 0 {
					r = r.Intersect(b)
				}
				var packed []byte
				if k.Compression == 7 {
					packed, tables = k.jpeg(img, r)
				} else {
					packed = k.pack(k.block(img, r, plane, together), together, r.Dx())
				}
				places, sizes = le.AppendUint32(places, uint32(len(out))), le.AppendUint32(sizes, uint32(len(packed)))
				out = append(out, packed...)
			}
		}
	}
	if len(out)%2 == 1 {
		out = append(out, 0)
	}
	le.PutUint32(out[4:], uint32(len(out)))
	tags := k.tags(b.Size(), blockH, places, sizes, tables)
	dir := directory(len(out), tags)
	if k.Next {
		at := len(out) + len(dir)
		le.PutUint32(dir[2+12*len(tags):], uint32(at))
		dir = append(dir, directory(at, []entry{long(0x0100, 8), long(0x0101, 8), short(0x0102, 8), short(0x0103, 1),
			short(0x0106, 1), long(0x0111, 8), short(0x0116, 8), long(0x0117, 64)})...)
	}
	return append(out, dir...)
}

// tags gives what the directory says.
func (k TIFFKind) tags(size image.Point, rows int, places, sizes, tables []byte) []entry {
	n, count := len(k.samples(color.Black)), uint32(len(places)/4)
	var bits []byte
	for range n {
		bits = le.AppendUint16(bits, uint16(k.Bits))
	}
	tags := []entry{long(0x0100, size.X), long(0x0101, size.Y), {0x0102, 3, uint32(n), bits},
		short(0x0103, k.Compression), short(0x0106, k.Colours), short(0x0115, n)}
	if k.Tile > 0 {
		tags = append(tags, short(0x0142, k.Tile), short(0x0143, k.Tile), entry{0x0144, 4, count, places}, entry{0x0145, 4, count, sizes})
	} else {
		tags = append(tags, short(0x0116, rows), entry{0x0111, 4, count, places}, entry{0x0117, 4, count, sizes})
	}
	if k.Planes {
		tags = append(tags, short(0x011c, 2))
	}
	if k.Predictor {
		tags = append(tags, short(0x013d, 2))
	}
	if k.Extra > 0 {
		tags = append(tags, short(0x0152, []int{0, 0, 2}[k.Extra]))
	}
	if k.Format > 0 {
		tags = append(tags, short(0x0153, k.Format))
	}
	if tables != nil {
		tags = append(tags, entry{0x015b, 7, uint32(len(tables)), tables})
	}
	if k.Colours == 3 {
		var ramp []byte
		for range 3 {
			for i := range 1 << k.Bits {
				ramp = le.AppendUint16(ramp, uint16(i*0xffff/(1<<k.Bits-1)))
			}
		}
		tags = append(tags, entry{0x0140, 3, uint32(len(ramp) / 2), ramp})
	}
	return tags
}

// samples gives those of a colour, in 16 bits.
func (k TIFFKind) samples(of color.Color) []uint16 {
	c := color.NRGBA64Model.Convert(of).(color.NRGBA64)
	grey := color.Gray16Model.Convert(color.NRGBA64{c.R, c.G, c.B, 0xffff}).(color.Gray16).Y
	var out []uint16
	switch k.Colours {
	case 0:
		out = []uint16{0xffff - grey}
	case 2, 6:
		out = []uint16{c.R, c.G, c.B}
	case 5:
		i := color.CMYKModel.Convert(color.NRGBA64{c.R, c.G, c.B, 0xffff}).(color.CMYK)
		for _, v := range []uint8{i.C, i.M, i.Y, i.K} {
			out = append(out, uint16(v)*0x101)
		}
	default:
		out = []uint16{grey}
	}
	switch k.Extra {
	case 1:
		out = append(out, 0x1234)
	case 2:
		out = append(out, c.A)
	}
	return out
}

// block gives the samples of a strip or tile, each row in whole bytes.
func (k TIFFKind) block(img image.Image, r image.Rectangle, plane, together int) []byte {
	w := &nalBits{}
	b := img.Bounds()
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			all := k.samples(img.At(min(x, b.Max.X-1), min(y, b.Max.Y-1)))
			for _, v := range all[plane : plane+together] {
				if k.Bits == 16 {
					w.u(16, uint64(v>>8|v<<8)) // the low byte first
				} else {
					w.u(k.Bits, uint64(v>>(16-k.Bits)))
				}
			}
		}
		w.align()
	}
	return w.out
}

// pack takes differences, then compresses.
func (k TIFFKind) pack(b []byte, together, width int) []byte {
	if k.Predictor {
		stride := width * together * k.Bits / 8
		b = slices.Clone(b)
		for row := 0; row+stride <= len(b); row += stride {
			for i := stride - 1; i >= together*k.Bits/8; i-- {
				if k.Bits == 8 {
					b[row+i] -= b[row+i-together]
				} else if i%2 == 1 {
					at, before := b[row+i-1:], b[row+i-1-2*together:]
					le.PutUint16(at, le.Uint16(at)-le.Uint16(before))
				}
			}
		}
	}
	var out bytes.Buffer
	switch k.Compression {
	case 5:
		out.Write(lzw(b))
	case 8:
		w := zlib.NewWriter(&out)
		_, _ = w.Write(b) // to memory: it cannot fail
		_ = w.Close()
	case 32773:
		for len(b) > 0 {
			n := min(len(b), 128)
			out.WriteByte(byte(n - 1))
			out.Write(b[:n])
			b = b[n:]
		}
	default:
		return b
	}
	return out.Bytes()
}

// jpeg gives a part without its tables, and those.
func (k TIFFKind) jpeg(img image.Image, r image.Rectangle) (part, tables []byte) {
	tile := image.NewNRGBA(image.Rect(0, 0, r.Dx(), r.Dy()))
	b := img.Bounds()
	for y := range r.Dy() {
		for x := range r.Dx() {
			tile.Set(x, y, img.At(min(r.Min.X+x, b.Max.X-1), min(r.Min.Y+y, b.Max.Y-1)))
		}
	}
	file := JPEG(tile, 95)
	if k.Colours == 1 {
		file = JPEG(Gray(tile), 95)
	}
	part, tables = []byte{0xff, 0xd8}, []byte{0xff, 0xd8}
	for at := 2; at+4 <= len(file); {
		n := 2 + int(file[at+2])<<8 + int(file[at+3])
		switch file[at+1] {
		case 0xda:
			return append(part, file[at:]...), append(tables, 0xff, 0xd9)
		case 0xdb, 0xc4:
			tables = append(tables, file[at:at+n]...)
		default:
			part = append(part, file[at:at+n]...)
		}
		at += n
	}
	return nil, nil
}

// lzw codes without looking for repetitions: every byte as itself, in 9 bits, with a
// new start before codes would grow (TIFF 6.0, section 13).
func lzw(b []byte) []byte {
	const clear, end = 256, 257
	w := &nalBits{}
	for i, x := range b {
		if i%200 == 0 {
			w.u(9, clear)
		}
		w.u(9, uint64(x))
	}
	w.u(9, end)
	w.align()
	return w.out
}
