package testimage

import (
	"encoding/binary"
	"image"
	"slices"
)

// HEIF says how HEIC and AVIF store a picture. The zero value is one piece, upright, in the
// levels of video.
type HEIF struct {
	// Tile is the side of the tiles of a grid, a multiple of 16; 0 for one piece.
	Tile int
	// Repeat is how many columns and rows a grid has, whose tiles are all the whole
	// picture; zero for none.
	Repeat image.Point
	// Turns are quarters against the clock that a reader is to turn it (irot).
	Turns int
	// Mirror is 1 for top and bottom to be swapped, 2 for left and right (imir).
	Mirror int
	// Crop is what is to be seen of it (clap), if it is not empty.
	Crop image.Rectangle
	// Full is for all levels, and Matrix that of ITU-T H.273: 1 or 6.
	Full   bool
	Matrix int
	// Colr adds a colr property that says so again.
	Colr bool
	// Primaries and Curve are those of ITU-T H.273 that the property tells; 1 for 0.
	Primaries, Curve int
	// Profile adds a colr property with an ICC profile.
	Profile []byte
	// EXIF is metadata, if it is not the zero value.
	EXIF EXIF
	// Claim is the size that it says to have, if it is not its own.
	Claim image.Point
}

// HEIC is a picture in the container of HEIF, as telephones store it, without loss
// but for chroma (4:2:0). Its sides are even.
//
// Source: ISO/IEC 23008-12.
func HEIC(img image.Image, o HEIF) []byte {
	size := img.Bounds().Size()
	if size.X < 2 || size.Y < 2 || (size.X|size.Y)&1 != 0 {
		return nil
	}
	if o.Matrix == 0 {
		o.Matrix = 6 // Rec. 601
	}
	tile := size
	if o.Tile > 0 {
		tile = image.Pt(o.Tile, o.Tile)
	}
	v := hevc{tile.X, tile.Y, o.Full, o.Matrix}
	var items []heifItem
	for y := 0; y < size.Y; y += tile.Y {
		for x := 0; x < size.X; x += tile.X {
			items = append(items, heifItem{"hvc1", v.stream(img, image.Pt(x, y)), []byte{1, 2}})
		}
	}
	if o.Repeat != (image.Point{}) {
		size = image.Pt(size.X*o.Repeat.X, size.Y*o.Repeat.Y)
	}
	return o.file("heic", items, box("hvcC", v.config()), tile, size)
}

// AVIF is a picture that an encoder coded: its configuration, its stream and its
// size.
func AVIF(av1C, stream []byte, size image.Point, o HEIF) []byte {
	o.Tile = 0
	return o.file("avif", []heifItem{{"av01", stream, nil}}, box("av1C", av1C), size, size)
}

// file puts items together: tiles, of which the main one is a grid, or one piece.
func (o HEIF) file(brand string, items []heifItem, config []byte, tile, size image.Point) []byte {
	claim := size
	if o.Claim != (image.Point{}) {
		claim = o.Claim
	}
	props := [][]byte{config, box("ispe", u32(0, tile.X, tile.Y)), box("ispe", u32(0, claim.X, claim.Y))}
	main := []byte{1, 3}
	add := func(b []byte) { props, main = append(props, b), append(main, byte(len(props)+1)) }
	if o.Crop != (image.Rectangle{}) {
		mid := o.Crop.Min.Add(o.Crop.Max).Sub(size) // twice how far its middle is
		add(box("clap", u32(o.Crop.Dx(), 1, o.Crop.Dy(), 1, mid.X, 2, mid.Y, 2)))
	}
	if o.Turns > 0 {
		add(box("irot", []byte{byte(o.Turns)}))
	}
	if o.Mirror > 0 {
		add(box("imir", []byte{byte(o.Mirror - 1)}))
	}
	if o.Colr {
		full := byte(0)
		if o.Full {
			full = 0x80
		}
		add(box("colr", []byte("nclx"), []byte{
			0, byte(max(o.Primaries, 1)), 0, byte(max(o.Curve, 1)), 0, byte(o.Matrix), full,
		}))
	}
	if o.Profile != nil {
		add(box("colr", []byte("prof"), o.Profile))
	}
	var refs []byte
	n := len(items)
	if o.Tile > 0 || o.Repeat != (image.Point{}) {
		grid := []byte{0, 1, byte((size.Y - 1) / tile.Y), byte((size.X - 1) / tile.X)}
		items = append(items, heifItem{"grid", append(grid, u32(size.X, size.Y)...), main[1:]})
		parts := max(n, o.Repeat.X*o.Repeat.Y)
		dimg := append(u16(n+1), u16(parts)...)
		for i := range parts {
			dimg = append(dimg, u16(i%n+1)...)
		}
		refs = box("iref", u32(0), box("dimg", dimg))
		n++
	} else {
		items[0].props = main
	}
	if o.EXIF != (EXIF{}) {
		items = append(items, heifItem{"Exif", append(u32(0), o.EXIF.block()...), nil})
		refs = box("iref", u32(0), slices.Concat(boxBody(refs), box("cdsc", slices.Concat(u16(n+1), u16(1), u16(n)))))
	}
	return heifFile(brand, items, n, props, refs)
}

// heifItem is an item with the properties that it has, by number from 1.
type heifItem struct {
	kind  string
	data  []byte
	props []byte
}

// heifFile lays out items, of which one is the main one.
func heifFile(brand string, items []heifItem, primary int, props [][]byte, refs []byte) []byte {
	ftyp := box("ftyp", []byte(brand+"\x00\x00\x00\x00mif1"+brand))
	meta := func(at int) []byte {
		var info, places, uses, mdat []byte
		for i, it := range items {
			info = append(info, box("infe", u32(2<<24), u16(i+1), u16(0), []byte(it.kind+"\x00"))...)
			places = slices.Concat(places, u16(i+1), u16(0), u16(1), u32(at+len(mdat), len(it.data)))
			uses = append(append(append(uses, u16(i+1)...), byte(len(it.props))), it.props...)
			mdat = append(mdat, it.data...)
		}
		return box("meta", u32(0),
			box("hdlr", u32(0, 0), []byte("pict"), make([]byte, 13)),
			box("pitm", u32(0), u16(primary)),
			box("iinf", u32(0), u16(len(items)), info),
			box("iloc", u32(0), []byte{0x44, 0}, u16(len(items)), places),
			refs,
			box("iprp", box("ipco", props...), box("ipma", u32(0, len(items)), uses)))
	}
	out := append(ftyp, meta(len(ftyp)+len(meta(0))+8)...)
	var all []byte
	for _, it := range items {
		all = append(all, it.data...)
	}
	return append(out, box("mdat", all)...)
}

// box is one of ISO base media files.
func box(kind string, parts ...[]byte) []byte {
	body := slices.Concat(parts...)
	return slices.Concat(u32(8+len(body)), []byte(kind), body)
}

// boxBody gives the content of a full box of version 0.
func boxBody(b []byte) []byte {
	if len(b) < 12 {
		return nil
	}
	return b[12:]
}

func u16(v int) []byte { return binary.BigEndian.AppendUint16(nil, uint16(v)) }

func u32(v ...int) (b []byte) {
	for _, v := range v {
		b = binary.BigEndian.AppendUint32(b, uint32(v))
	}
	return b
}
