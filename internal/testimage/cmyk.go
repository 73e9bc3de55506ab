package testimage

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
)

// CMYK is a JPEG with the four inks of print, inverted as Adobe's programs
// write them, at quality 95. It is baseline with one scan a component: each is
// encoded as a grey picture and the scans are put into one file.
//
// Source: ITU T.81, annex B; Adobe Technical Note 5116 for the APP14 segment.
func CMYK(img image.Image) []byte {
	b := img.Bounds()
	var planes [4]*image.Gray
	for i := range planes {
		planes[i] = image.NewGray(image.Rect(0, 0, b.Dx(), b.Dy()))
	}
	for y := range b.Dy() {
		for x := range b.Dx() {
			c := color.CMYKModel.Convert(img.At(b.Min.X+x, b.Min.Y+y)).(color.CMYK)
			for i, v := range [4]uint8{c.C, c.M, c.Y, c.K} {
				planes[i].Pix[planes[i].PixOffset(x, y)] = 255 - v
			}
		}
	}
	out := []byte("\xff\xd8\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00")
	for i, p := range planes {
		tables, scan := greyJPEG(JPEG(p, 95))
		if scan == nil {
			return nil
		}
		if i == 0 {
			out = append(out, tables...)
			out = append(out, frame(b.Dx(), b.Dy())...)
		}
		id := byte(i + 1)
		out = append(out, 0xff, 0xda, 0, 8, 1, id, 0x00, 0, 63, 0)
		out = append(out, scan...)
	}
	return append(out, 0xff, 0xd9)
}

// greyJPEG takes a grey JPEG apart: its quantization and Huffman tables, and
// the coded data of its scan.
func greyJPEG(file []byte) (tables, scan []byte) {
	for at := 2; at+4 <= len(file); {
		n := 2 + int(binary.BigEndian.Uint16(file[at+2:]))
		switch file[at+1] {
		case 0xdb, 0xc4: // DQT, DHT
			tables = append(tables, file[at:at+n]...)
		case 0xda: // SOS; the rest is data, then the end marker
			return tables, bytes.TrimSuffix(file[at+n:], []byte{0xff, 0xd9})
		}
		at += n
	}
	return nil, nil
}

// frame is the SOF0 segment of four components that all use the first tables.
func frame(w, h int) []byte {
	out := []byte{0xff, 0xc0, 0, 8 + 3*4, 8}
	out = binary.BigEndian.AppendUint16(out, uint16(h))
	out = binary.BigEndian.AppendUint16(out, uint16(w))
	out = append(out, 4)
	for id := byte(1); id <= 4; id++ {
		out = append(out, id, 0x11, 0)
	}
	return out
}
