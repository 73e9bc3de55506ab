package testimage

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"image"
	"image/color"
	"math/bits"
)

// WebP is lossless (VP8L) and keeps transparency. It does not compress: four
// bytes a pixel. Neither side may pass 16,384 pixels.
//
// Source: RFC 9649, section 3 (WebP Lossless Bitstream).
func WebP(img image.Image) []byte {
	b := img.Bounds()
	if b.Empty() || b.Dx() > 1<<14 || b.Dy() > 1<<14 {
		return nil
	}
	return riff(chunk("VP8L", vp8l(img)))
}

// WebPLossy is a fixed picture, 48 by 32 pixels, as VP8 with an alpha plane:
// the left half of a Landscape(48, 32) is opaque and its right half wholly
// transparent. It was encoded once by libwebp 1.2.4 at quality 60, since no
// lossy encoder exists in Go.
func WebPLossy() []byte {
	data, err := base64.StdEncoding.DecodeString(lossyWebP)
	if err != nil {
		return nil
	}
	return data
}

// riff wraps chunks into a WebP file.
func riff(chunks ...[]byte) []byte {
	body := append([]byte("WEBP"), bytes.Join(chunks, nil)...)
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

// chunk is padded to an even length, which its stated length leaves out.
func chunk(name string, data []byte) []byte {
	out := binary.LittleEndian.AppendUint32([]byte(name), uint32(len(data)))
	out = append(out, data...)
	if len(data)%2 == 1 {
		out = append(out, 0)
	}
	return out
}

// bitWriter fills bytes from their lowest bit up.
type bitWriter struct {
	out  []byte
	hold uint64
	n    int
}

func (w *bitWriter) write(value uint32, n int) {
	w.hold |= uint64(value) << w.n
	for w.n += n; w.n >= 8; w.n -= 8 {
		w.out = append(w.out, byte(w.hold))
		w.hold >>= 8
	}
}

// vp8l writes every pixel as four literals. Each channel has the plainest
// prefix code there is: every value 8 bits long.
func vp8l(img image.Image) []byte {
	b := img.Bounds()
	w := &bitWriter{out: []byte{0x2f}}
	w.write(uint32(b.Dx()-1), 14)
	w.write(uint32(b.Dy()-1), 14)
	w.write(1, 1) // alpha is used
	w.write(0, 3) // version
	w.write(0, 1) // no transforms
	w.write(0, 1) // no colour cache
	w.write(0, 1) // one group of prefix codes for the whole picture
	const lengthCodes = 24
	w.flatCode(256 + lengthCodes) // green, and lengths of copies (none here)
	w.flatCode(256)               // red
	w.flatCode(256)               // blue
	w.flatCode(256)               // alpha
	w.write(0b001, 3)             // distance: a simple code, one symbol, of 1 bit
	w.write(0, 1)                 // that symbol
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			c := color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)
			// Prefix codes go out from their highest bit.
			for _, v := range []uint8{c.G, c.R, c.B, c.A} {
				w.write(uint32(bits.Reverse8(v)), 8)
			}
		}
	}
	w.write(0, 7) // push the last bits out
	return w.out
}

// flatCode describes a prefix code in which the first 256 symbols have 8 bits
// each and the others, up to symbols, do not occur.
func (w *bitWriter) flatCode(symbols int) {
	w.write(0, 1) // not a simple code
	// The code lengths that follow are themselves coded, with one bit each for
	// the lengths 0 and 8, which stand at places 2 and 11 of this list's order.
	order := [12]uint32{2: 1, 11: 1}
	w.write(uint32(len(order)-4), 4)
	for _, length := range order {
		w.write(length, 3)
	}
	w.write(0, 1) // lengths follow for all symbols
	for i := range symbols {
		if i < 256 {
			w.write(1, 1) // 8
		} else {
			w.write(0, 1) // 0
		}
	}
}

const lossyWebP = "" +
	"UklGRgYBAABXRUJQVlA4WAoAAAAQAAAALwAAHwAAQUxQSBMAAAABDzD/ERFCLJjMXzqD7oj+R4VzAFZQOCDMAAAA" +
	"MAUAnQEqMAAgAD6xRp5JpyOioTVYCADgFglAGAWBAcrcnfGwbWw9H+78Xwh6s8IFnwAA/rAZdnCcQx5IWfyZJjnZ" +
	"0xuXTv/0l4AhLj7xoft+b7tAijz04AtuUl6rgl3+e88icLHcZP/0oRXwx4hicrVMv4WrxHBrYLuAyiSDkBCabXxY" +
	"b7fN2DaGvEOHZUU5UvAOnF49JZ11tArf/4lYPOnoVfOe+UWSwVUSHiZPDXtiZrutD/O0Ze0z5TqdxRIJoxZbRISx" +
	"FUyBAAAA"

// AnimatedWebP is an animation of a canvas, of two frames that are WebP files, of
// which the first has its corner at a place of even coordinates. A nil frame is left
// out.
//
// Source: RFC 9649, section 2.7.
func AnimatedWebP(w, h int, first []byte, at image.Point, second []byte) []byte {
	const animated, alpha = 0x02, 0x10
	all := [][]byte{chunk("VP8X", append([]byte{animated | alpha, 0, 0, 0}, u24s(w-1, h-1)...)), chunk("ANIM", make([]byte, 6))}
	for i, file := range [][]byte{first, second} {
		if file == nil {
			continue
		}
		body, fw, fh := webpParts(file)
		place := at
		if i > 0 {
			place = image.Point{}
		}
		head := append(u24s(place.X/2, place.Y/2, fw-1, fh-1, 100), 0)
		all = append(all, chunk("ANMF", append(head, body...)))
	}
	return riff(all...)
}

// StillWebP puts a WebP file's picture into one that says to be of another size.
func StillWebP(w, h int, file []byte) []byte {
	body, _, _ := webpParts(file)
	return riff(chunk("VP8X", append([]byte{0, 0, 0, 0}, u24s(w-1, h-1)...)), body)
}

// webpParts gives the chunks of a file's picture, and its size.
func webpParts(file []byte) (body []byte, w, h int) {
	for b := file[12:]; len(b) >= 8; {
		n := int(binary.LittleEndian.Uint32(b[4:]))
		n += 8 + n&1
		switch string(b[:4]) {
		case "VP8X":
			w = 1 + int(b[12]) | int(b[13])<<8
			h = 1 + int(b[15]) | int(b[16])<<8
		case "VP8L":
			bits := binary.LittleEndian.Uint32(b[9:])
			w, h = int(bits&0x3fff)+1, int(bits>>14&0x3fff)+1
			body = append(body, b[:n]...)
		case "ALPH", "VP8 ":
			body = append(body, b[:n]...)
		}
		b = b[min(n, len(b)):]
	}
	return body, w, h
}

func u24s(v ...int) (b []byte) {
	for _, v := range v {
		b = append(b, byte(v), byte(v>>8), byte(v>>16))
	}
	return b
}
