package tiff

import (
	"bytes"
	"compress/zlib"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"io"

	"golang.org/x/image/tiff/lzw"
)

// decodeJPEGs puts together a picture whose strips or tiles are JPEGs, with tables
// that they share.
func (h *header) decodeJPEGs(decode JPEGDecoder) (image.Image, error) {
	tables := bytes.TrimSuffix(h.Value(h.tags[tagJPEGTables]), []byte{0xff, 0xd9})
	tables = bytes.TrimPrefix(tables, []byte{0xff, 0xd8})
	head := append([]byte{0xff, 0xd8}, tables...)
	if h.photometric == rgb { // Adobe's mark that the samples are not YCbCr
		head = append(head, "\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"...)
	}
	canvas := image.NewRGBA(image.Rect(0, 0, h.w, h.h))
	for i := range h.across * h.down {
		b, err := h.block(i)
		if err != nil {
			return nil, err
		}
		if !bytes.HasPrefix(b, []byte{0xff, 0xd8}) {
			return nil, errors.New("a part is not the JPEG that it should be")
		}
		whole := append(append([]byte{}, head...), b[2:]...)
		img, err := decode(whole, h.blockW, h.blockH)
		if err != nil {
			return nil, err
		}
		at := image.Pt(i%h.across*h.blockW, i/h.across*h.blockH)
		draw.Draw(canvas, img.Bounds().Sub(img.Bounds().Min).Add(at), img, img.Bounds().Min, draw.Src)
	}
	return canvas, nil
}

// decode reads samples strip by strip, or tile by tile, of each plane.
func (h *header) decode() (image.Image, error) {
	r := image.Rect(0, 0, h.w, h.h)
	var pix []byte
	var img image.Image
	if h.photometric == cmyk {
		m := image.NewCMYK(r)
		pix, img = m.Pix, m
	} else {
		m := image.NewNRGBA(r)
		pix, img = m.Pix, m
		for i := 3; i < len(pix); i += 4 {
			pix[i] = 255
		}
	}
	table, err := h.palette()
	if err != nil {
		return nil, err
	}
	inBlock := h.samples // samples of a pixel that lie together
	if h.separate {
		inBlock = 1
	}
	stride := (h.blockW*inBlock*h.bits + 7) / 8
	for i := range h.offsets {
		plane, j := i/(h.across*h.down), i%(h.across*h.down)
		x0, y0 := j%h.across*h.blockW, j/h.across*h.blockH
		rows := h.blockH
		if h.number(tagTileWidth, 0) == 0 {
			rows = min(rows, h.h-y0)
		}
		b, err := h.unpacked(i, stride*rows)
		if err != nil {
			return nil, err
		}
		if err := h.undoPredictor(b, stride, inBlock); err != nil {
			return nil, err
		}
		for y := range min(rows, h.h-y0) {
			row := b[y*stride:]
			for x := range min(h.blockW, h.w-x0) {
				px := pix[4*((y0+y)*h.w+x0+x):][:4]
				for s := range inBlock {
					h.put(px, plane+s, h.sample(row, x*inBlock+s), table)
				}
			}
		}
	}
	return img, nil
}

// sample gives the n-th of a row, in 8 bits; less than 8 stay as they are.
func (h *header) sample(row []byte, n int) uint8 {
	switch h.bits {
	case 8:
		return row[n]
	case 16:
		return uint8(h.Order.Uint16(row[2*n:]) >> 8)
	}
	at := n * h.bits
	return row[at/8] >> (8 - h.bits - at%8) & (1<<h.bits - 1)
}

// put stores a sample of a pixel: a colour, or the first one beyond them when that
// is transparency.
func (h *header) put(px []byte, n int, v uint8, table []color.NRGBA) {
	colours := 1
	switch h.photometric {
	case rgb:
		colours = 3
	case cmyk:
		colours = 4
	}
	switch {
	case n == colours && colours < 4 && (h.extra == 1 || h.extra == 2):
		px[3] = v
	case n >= colours:
	case h.photometric == paletted:
		c := table[v]
		px[0], px[1], px[2] = c.R, c.G, c.B
	case colours == 1:
		if h.bits < 8 {
			v = uint8(int(v) * 255 / (1<<h.bits - 1))
		}
		if h.photometric == whiteIsZero {
			v = 255 - v
		}
		px[0], px[1], px[2] = v, v, v
	default:
		px[n] = v
	}
}

// palette gives 256 colours, black where the file has none.
func (h *header) palette() ([]color.NRGBA, error) {
	if h.photometric != paletted {
		return nil, nil
	}
	n := 1 << h.bits
	v := h.Numbers(h.tags[tagPalette], 3*n)
	if len(v) < 3*n {
		return nil, errors.New("its palette is cut short")
	}
	table := make([]color.NRGBA, 256)
	for i := range n {
		table[i] = color.NRGBA{uint8(v[i] >> 8), uint8(v[n+i] >> 8), uint8(v[2*n+i] >> 8), 255}
	}
	return table, nil
}

// unpacked gives the size bytes of a strip or tile.
func (h *header) unpacked(i, size int) ([]byte, error) {
	b, err := h.block(i)
	if err != nil {
		return nil, err
	}
	var r io.Reader = bytes.NewReader(b)
	switch h.compression {
	case 5:
		z := lzw.NewReader(r, lzw.MSB, 8)
		defer func() { _ = z.Close() }() // it only reads
		r = z
	case 8, 32946:
		z, err := zlib.NewReader(r)
		if err != nil {
			return nil, err
		}
		defer func() { _ = z.Close() }() // it only reads
		r = z
	case 32773:
		r = bytes.NewReader(unpackBits(b, size))
	}
	out := make([]byte, size)
	_, err = io.ReadFull(r, out)
	return out, err
}

// unpackBits gives up to size bytes (TIFF 6.0, section 9).
func unpackBits(b []byte, size int) (out []byte) {
	for len(b) > 1 && len(out) < size {
		n := int(int8(b[0]))
		switch {
		case n >= 0:
			end := min(n+2, len(b))
			out, b = append(out, b[1:end]...), b[end:]
		case n == -128:
			b = b[1:]
		default:
			out, b = append(out, bytes.Repeat(b[1:2], 1-n)...), b[2:]
		}
	}
	return out[:min(len(out), size)]
}

// undoPredictor turns differences between pixels into samples (TIFF 6.0, section
// 14).
func (h *header) undoPredictor(b []byte, stride, step int) error {
	switch h.number(tagPredictor, 1) {
	case 1:
		return nil
	case 2:
	default:
		return ErrUnsupported
	}
	if h.bits < 8 {
		return ErrUnsupported
	}
	for ; len(b) >= stride; b = b[stride:] {
		row := b[:stride]
		if h.bits == 8 {
			for i := step; i < len(row); i++ {
				row[i] += row[i-step]
			}
			continue
		}
		for i := 2 * step; i+1 < len(row); i += 2 {
			h.Order.PutUint16(row[i:], h.Order.Uint16(row[i:])+h.Order.Uint16(row[i-2*step:]))
		}
	}
	return nil
}
