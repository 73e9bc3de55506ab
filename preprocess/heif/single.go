package heif

import (
	"encoding/binary"
	"image"
	"slices"
)

// single makes a HEIC file of one picture, which is what the decoder reads: one tile
// of a grid, without what the file says of turning and cropping.
func single(config, stream []byte, size image.Point) []byte {
	u32 := func(v ...int) (b []byte) {
		for _, v := range v {
			b = binary.BigEndian.AppendUint32(b, uint32(v))
		}
		return b
	}
	ftyp := pack("ftyp", "heic\x00\x00\x00\x00mif1heic")
	head := func(at int) []byte {
		return pack("meta", u32(0),
			pack("hdlr", u32(0, 0), "pict", make([]byte, 13)),
			pack("pitm", u32(0), "\x00\x01"),
			pack("iinf", u32(0), "\x00\x01", pack("infe", u32(2<<24), "\x00\x01\x00\x00hvc1\x00")),
			// Offsets and lengths of 4 bytes; one item of one part.
			pack("iloc", u32(0), "\x44\x00\x00\x01\x00\x01\x00\x00\x00\x01", u32(at, len(stream))),
			pack("iprp",
				pack("ipco", pack("hvcC", config), pack("ispe", u32(0, size.X, size.Y))),
				pack("ipma", u32(0, 1), "\x00\x01\x02\x81\x02")))
	}
	at := len(ftyp) + len(head(0)) + 8
	return slices.Concat(ftyp, head(at), pack("mdat", stream))
}

// pack makes a box of bytes and texts.
func pack(kind string, parts ...any) []byte {
	b := append(make([]byte, 4, 64), kind...)
	for _, p := range parts {
		switch p := p.(type) {
		case []byte:
			b = append(b, p...)
		case string:
			b = append(b, p...)
		}
	}
	binary.BigEndian.PutUint32(b, uint32(len(b)))
	return b
}
