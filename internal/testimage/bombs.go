package testimage

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"image"
	"maps"
	"slices"
)

// Bombs gives small files that are made to cost a reader much time or memory, by a
// name that begins with their format. Some can be shown, none may hurt.
func Bombs() map[string][]byte {
	all := map[string][]byte{}
	for _, of := range []func() map[string][]byte{pngBombs, gifBombs, tiffBombs, webpBombs, heicBombs, bmpBombs, jpegBombs, rawBombs} {
		maps.Copy(all, of())
	}
	return all
}

// zeros is n zeros, packed by deflate: a thousandth of that.
func zeros(n int) []byte {
	var b bytes.Buffer
	z, err := zlib.NewWriterLevel(&b, zlib.BestSpeed)
	if err != nil {
		panic(err)
	}
	block := make([]byte, 1<<20)
	for ; n > 0; n -= len(block) {
		_, _ = z.Write(block[:min(n, len(block))]) // to memory, as below
	}
	_ = z.Close()
	return b.Bytes()
}

const many = 64 << 20 // bytes that a bomb unpacks to

func pngBombs() map[string][]byte {
	bomb := zeros(many)
	whole := PNG(Landscape(64, 48))
	head := func(w, h int, bits, colours byte) []byte { return append(u32(w, h), bits, colours, 0, 0, 0) }
	png := func(chunks ...[]byte) []byte {
		return slices.Concat(append([][]byte{[]byte("\x89PNG\r\n\x1a\n")}, chunks...)...)
	}
	return map[string][]byte{
		"png of pixels without end": png(pngChunk("IHDR", head(100, 100, 8, 2)), pngChunk("IDAT", bomb), pngChunk("IEND", nil)),
		"png that is huge":          Bomb(1<<31-1, 1<<31-1),
		"png of 16 bits":            png(pngChunk("IHDR", head(12_000, 12_000, 16, 6)), pngChunk("IDAT", bomb[:100]), pngChunk("IEND", nil)),
		"png that is large and cut": Bomb(5_000, 5_000),
		"png with a profile":        afterIHDR(whole, pngChunk("iCCP", append([]byte("p\x00\x00"), bomb...))),
		"png with a packed text":    afterIHDR(whole, pngChunk("zTXt", append([]byte("Raw profile type exif\x00\x00"), bomb...))),
		"png with a long text":      afterIHDR(whole, pngChunk("iTXt", append([]byte("XML:com.adobe.xmp\x00\x01\x00\x00\x00"), bomb...))),
		"png with an endless chunk": afterIHDR(whole, []byte("\x7f\xff\xff\xffeXIf")),
	}
}

func gifBombs() map[string][]byte {
	small := GIF(Landscape(16, 16))
	screen := func(w, h int) []byte {
		b := bytes.Clone(small)
		le.PutUint16(b[6:], uint16(w))
		le.PutUint16(b[8:], uint16(h))
		return b
	}
	// A screen of 16 pixels whose frame goes on in blocks of codes for one colour.
	endless := []byte("GIF89a\x10\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x10\x00\x01\x00\x00\x02")
	block := append([]byte{255}, make([]byte, 255)...)
	return map[string][]byte{
		"gif on a huge screen":  screen(65_535, 65_535),
		"gif on a large screen": screen(12_000, 12_000),
		"gif of endless codes":  append(endless, bytes.Repeat(block, 10_000)...),
		"gif of many frames":    GIF(slices.Repeat([]image.Image{Landscape(16, 16)}, 200)...),
	}
}

func tiffBombs() map[string][]byte {
	tiff := func(data []byte, tags ...entry) []byte {
		out := append(le.AppendUint32([]byte("II*\x00"), uint32(8+len(data))), data...)
		return append(out, directory(8+len(data), tags)...)
	}
	size := func(w, h int) []entry {
		return []entry{long(0x0100, w), long(0x0101, h), short(0x0102, 8)}
	}
	bomb := zeros(many)
	strip := func(w, h, compression, colours, samples int, data []byte) []byte {
		return tiff(data, append(size(w, h), short(0x0103, compression), short(0x0106, colours), long(0x0111, 8),
			short(0x0115, samples), long(0x0116, h), long(0x0117, len(data)))...)
	}
	cyclic := PlainTIFF(Landscape(32, 32), TIFFKind{Colours: 2, Bits: 8})
	at := int(le.Uint32(cyclic[4:]))
	le.PutUint32(cyclic[at+2+12*int(le.Uint16(cyclic[at:])):], uint32(at))
	return map[string][]byte{
		"tiff that unpacks to much":     strip(100, 100, 8, 1, 1, bomb),
		"tiff of CMYK unpacks to much":  strip(100, 100, 8, 5, 4, bomb),
		"tiff of large strips":          strip(12_000, 12_000, 8, 1, 1, bomb[:1000]),
		"tiff of huge strips":           strip(1<<30, 1<<30, 1, 1, 1, bomb[:1000]),
		"tiff of strips without number": tiff(nil, append(size(100, 100), entry{0x0111, 4, 1<<32 - 1, u32(8)}, long(0x0116, 1), entry{0x0117, 4, 1<<32 - 1, u32(8)})...),
		"tiff of huge tiles":            tiff(nil, append(size(100, 100), long(0x0142, 1<<30), long(0x0143, 1<<30), long(0x0144, 8), long(0x0145, 8))...),
		"tiff of the smallest tiles":    tiff(nil, append(size(12_000, 12_000), long(0x0142, 1), long(0x0143, 1), long(0x0144, 8), long(0x0145, 8))...),
		"tiff whose pages go round":     cyclic,
	}
}

func webpBombs() map[string][]byte {
	riff := func(kind string, body []byte) []byte {
		chunk := append(le.AppendUint32([]byte(kind), uint32(len(body))), body...)
		if len(body)%2 == 1 {
			chunk = append(chunk, 0)
		}
		return append(append(le.AppendUint32([]byte("RIFF"), uint32(4+len(chunk))), "WEBP"...), chunk...)
	}
	u24 := func(v int) []byte { return []byte{byte(v), byte(v >> 8), byte(v >> 16)} }
	lossless := func(w, h int) []byte {
		return riff("VP8L", append(le.AppendUint32([]byte{0x2f}, uint32(w-1|(h-1)<<14)), make([]byte, 40)...))
	}
	canvas := func(w, h int, chunks ...[]byte) []byte {
		head := riff("VP8X", slices.Concat([]byte{2, 0, 0, 0}, u24(w-1), u24(h-1)))
		all := append(head, slices.Concat(chunks...)...)
		le.PutUint32(all[4:], uint32(len(all)-8))
		return all
	}
	frame := func(body []byte) []byte {
		return append(le.AppendUint32([]byte("ANMF"), uint32(16+len(body))), slices.Concat(u24(0), u24(0), u24(15), u24(15), make([]byte, 4), body)...)
	}
	nested := []byte{}
	for range 200 {
		nested = frame(nested)
	}
	return map[string][]byte{
		"webp that is huge":        lossless(16_384, 16_384),
		"webp that is large":       lossless(5_000, 5_000),
		"webp on a huge canvas":    canvas(1<<24, 1<<24, frame(lossless(16, 16)[12:])),
		"webp on a large canvas":   canvas(12_000, 12_000, frame(lossless(16, 16)[12:])),
		"webp of frames in frames": canvas(16, 16, nested),
	}
}

func heicBombs() map[string][]byte {
	scene := Landscape(64, 64)
	grid := func(cols, rows int) []byte { return HEIC(scene, HEIF{Repeat: image.Pt(cols, rows)}) }
	round := HEIC(scene, HEIF{Tile: 32})
	self := bytes.Index(round, []byte("dimg")) // the grid's number, how many, and whose
	binary.BigEndian.PutUint16(round[self+8:], binary.BigEndian.Uint16(round[self+4:]))
	return map[string][]byte{
		"heic of one tile a hundred times": grid(10, 10),
		"heic of one tile everywhere":      grid(180, 180),
		"heic that is its own part":        round,
		"heic that claims to be huge":      HEIC(scene, HEIF{Claim: image.Pt(1<<30, 1<<30)}),
		"heic that claims to be large":     HEIC(scene, HEIF{Claim: image.Pt(12_000, 12_000)}),
		"avif that claims to be large":     AVIF([]byte{0x81, 0, 0, 0}, []byte("no stream"), image.Pt(12_000, 12_000), HEIF{}),
		"avif without a picture":           AVIF([]byte{0x81, 0, 0, 0}, []byte("no stream"), image.Pt(1_000, 1_000), HEIF{}),
	}
}

func bmpBombs() map[string][]byte {
	bmp := func(w, h int) []byte {
		b := bytes.Clone(BMP(Landscape(16, 16)))
		le.PutUint32(b[18:], uint32(w))
		le.PutUint32(b[22:], uint32(h))
		return b
	}
	return map[string][]byte{
		"bmp that is huge": bmp(1<<31-1, 1<<31-1), "bmp that is large": bmp(5_000, 5_000), "bmp upside down": bmp(5_000, -5_000),
		"bmp that is long": bmp(1, 1<<30),
	}
}

// jpegBombs have the tables of a JPEG that image/jpeg wrote, and a frame of their own.
func jpegBombs() map[string][]byte {
	whole := JPEG(Gray(Landscape(64, 64)), 80)
	resized := func(w, h int) []byte {
		b := bytes.Clone(whole)
		at := bytes.Index(b, []byte{0xff, 0xc0})
		binary.BigEndian.PutUint16(b[at+5:], uint16(h))
		binary.BigEndian.PutUint16(b[at+7:], uint16(w))
		return b
	}
	// Scans without end, each of which looks at every block of a large picture: all
	// its bits are 0, which stands for a DC coefficient without change, and by a table
	// of one code for 16,384 blocks without more (T.81, G.1.2.2).
	const side = 8_000
	const blocks = side / 8 * side / 8
	scans := resized(side, side)
	scans[bytes.Index(scans, []byte{0xff, 0xc0})+1] = 0xc2
	scans = scans[:bytes.Index(scans, []byte{0xff, 0xda})]
	scans = append(scans, "\xff\xc4\x00\x14\x10\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xe0"...)
	scan := func(from, to, high, low byte, bits int) []byte {
		return append([]byte{0xff, 0xda, 0, 8, 1, 1, 0, from, to, high<<4 | low}, make([]byte, (bits+7)/8)...)
	}
	scans = append(scans, scan(0, 0, 0, 0, 2*blocks)...)
	band := 15 * (blocks + 16_383) / 16_384
	scans = append(scans, scan(1, 63, 0, 1, band)...)
	scans = append(scans, bytes.Repeat(scan(1, 63, 1, 0, band), 5000)...)
	loop := append([]byte("II*\x00\x08\x00\x00\x00"), directory(8, []entry{long(0x8769, 8), long(0x8825, 8), short(0x0112, 6)})...)
	le.PutUint32(loop[8+2+3*12:], 8)
	return map[string][]byte{
		"jpeg that is huge":       resized(65_535, 65_535),
		"jpeg that is large":      resized(12_000, 12_000),
		"jpeg of many scans":      scans,
		"jpeg with EXIF in loops": WithSegment(whole, 0xe1, append([]byte("Exif\x00\x00"), loop...)),
	}
}

func rawBombs() map[string][]byte {
	file := func(tags ...entry) []byte {
		out := append([]byte("II*\x00\x10\x00\x00\x00CR\x02\x00\x00\x00\x00\x00"), directory(16, tags)...)
		le.PutUint32(out[16+2+len(tags)*12:], 16)
		return out
	}
	var places []byte
	for range 1000 {
		places = le.AppendUint32(places, 16)
	}
	whole := JPEG(Landscape(64, 48), 80)
	huge := bytes.Clone(whole)
	copy(huge[bytes.Index(huge, []byte{0xff, 0xc0})+5:], "\xff\xff\xff\xff")
	return map[string][]byte{
		"cr2 whose directories go round": file(entry{0x014a, 4, 1000, places}, long(0x8769, 16)),
		"cr2 with a huge preview":        Raw("cr2", nil, huge, EXIF{}),
		"raf with a huge preview":        Raw("raf", nil, huge, EXIF{}),
		"orf of notes in notes":          append([]byte("IIRO\x08\x00\x00\x00"), directory(8, []entry{long(0x8769, 8), {0x927c, 7, 1 << 30, u32(0)}})...),
	}
}
