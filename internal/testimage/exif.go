package testimage

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"hash/crc32"
	"slices"
)

// EXIF is the metadata that WithEXIF writes. A zero field is left out.
type EXIF struct {
	// Orientation is 1 to 8; any other value is written as it stands.
	Orientation int
	// TakenAt is DateTimeOriginal, by the standard "2024:05:01 12:33:00".
	TakenAt string
	// Offset is OffsetTimeOriginal, by the standard "+02:00".
	Offset string
	// Make, Model and Lens are the camera's maker, its model and LensModel.
	Make, Model, Lens string
	// GPS adds a place: 47° 33' 21" N, 13° 38' 57" E.
	GPS bool
	// NorthSouth and EastWest stand for its N and E, if they are not "".
	NorthSouth, EastWest string
	// ColorSpace is 1 for sRGB, 0xffff for one that is not named, and Interop the
	// InteroperabilityIndex: "R03" for Adobe RGB.
	ColorSpace int
	Interop    string
}

// WithEXIF gives a copy of a file of this package with metadata put where the
// format has it: APP1 in JPEG, eXIf in PNG, an EXIF chunk in WebP, tags in
// TIFF. It gives nil for other formats.
func WithEXIF(file []byte, e EXIF) []byte {
	switch {
	case bytes.HasPrefix(file, []byte("\xff\xd8")):
		return WithSegment(file, 0xe1, append([]byte("Exif\x00\x00"), e.block()...))
	case bytes.HasPrefix(file, []byte("\x89PNG")):
		return afterIHDR(file, pngChunk("eXIf", e.block()))
	case bytes.HasPrefix(file, []byte("RIFF")) && len(file) > 30:
		return webpEXIF(file, e.block())
	case bytes.HasPrefix(file, []byte("II*\x00")):
		return e.intoTIFF(file)
	}
	return nil
}

// WithSegment gives a copy of a JPEG with one more segment at its start, such
// as 0xfe for a comment or 0xe2 for an ICC profile. It gives nil when data is
// too long for a segment.
func WithSegment(jpeg []byte, marker byte, data []byte) []byte {
	if len(data)+2 > 0xffff {
		return nil
	}
	head := binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(len(data)+2))
	return slices.Concat(jpeg[:2], head, data, jpeg[2:])
}

// entry is one tag of a directory: type 2 is text, 3 a uint16, 4 a uint32, 5 a
// fraction of two uint32 (TIFF 6.0, section 2).
type entry struct {
	tag, kind uint16
	count     uint32
	value     []byte
}

var le = binary.LittleEndian

func ascii(tag uint16, s string) entry {
	return entry{tag, 2, uint32(len(s) + 1), append([]byte(s), 0)}
}

func short(tag uint16, v int) entry { return entry{tag, 3, 1, le.AppendUint16(nil, uint16(v))} }

func long(tag uint16, v int) entry { return entry{tag, 4, 1, le.AppendUint32(nil, uint32(v))} }

func fractions(tag uint16, nums ...uint32) entry {
	e := entry{tag: tag, kind: 5, count: uint32(len(nums))}
	for _, n := range nums {
		e.value = le.AppendUint32(le.AppendUint32(e.value, n), 1)
	}
	return e
}

// directory lays out entries that stand at offset at, with what does not fit
// into four bytes behind them. No directory follows it.
func directory(at int, entries []entry) []byte {
	slices.SortFunc(entries, func(a, b entry) int { return int(a.tag) - int(b.tag) })
	out := le.AppendUint16(nil, uint16(len(entries)))
	var behind []byte
	start := at + 2 + 12*len(entries) + 4
	for _, e := range entries {
		out = le.AppendUint16(le.AppendUint16(out, e.tag), e.kind)
		out = le.AppendUint32(out, e.count)
		if len(e.value) <= 4 {
			out = append(out, append(slices.Clone(e.value), 0, 0, 0, 0)[:4]...)
			continue
		}
		out = le.AppendUint32(out, uint32(start+len(behind)))
		behind = append(behind, e.value...)
		if len(behind)%2 == 1 {
			behind = append(behind, 0)
		}
	}
	return append(le.AppendUint32(out, 0), behind...)
}

// directories gives what stands at offset at of a TIFF structure: the main
// directory, which holds more as well, then those it points to.
func (e EXIF) directories(at int, more []entry) []byte {
	main := slices.Clone(more)
	if e.Orientation != 0 {
		main = append(main, short(0x0112, e.Orientation))
	}
	main = append(main, e.camera()...)
	var photo []entry
	if e.Lens != "" {
		photo = append(photo, ascii(0xa434, e.Lens))
	}
	if e.TakenAt != "" {
		photo = append(photo, ascii(0x9003, e.TakenAt))
	}
	if e.Offset != "" {
		photo = append(photo, ascii(0x9011, e.Offset))
	}
	if e.ColorSpace != 0 {
		photo = append(photo, short(0xa001, e.ColorSpace))
	}
	if e.Interop != "" {
		photo = append(photo, long(0xa005, 0)) // told below
	}
	place := e.place()
	// The pointers have the same size whatever they say, so a first layout
	// with zeros tells where the directories come to stand.
	layout := func(photoAt, placeAt int) []byte {
		all := slices.Clone(main)
		if photo != nil {
			all = append(all, long(0x8769, photoAt))
		}
		if place != nil {
			all = append(all, long(0x8825, placeAt))
		}
		return directory(at, all)
	}
	photoAt := at + len(layout(0, 0))
	placeAt := photoAt
	var behind []byte
	if photo != nil {
		behind = directory(photoAt, photo)
		if e.Interop != "" {
			last := &photo[len(photo)-1]
			last.value = le.AppendUint32(nil, uint32(photoAt+len(behind)))
			behind = directory(photoAt, photo)
			behind = append(behind, directory(photoAt+len(behind), []entry{ascii(1, e.Interop)})...)
		}
		placeAt += len(behind)
	}
	if place != nil {
		behind = append(behind, directory(placeAt, place)...)
	}
	return append(layout(photoAt, placeAt), behind...)
}

// camera gives the tags of maker and model.
func (e EXIF) camera() (tags []entry) {
	if e.Make != "" {
		tags = append(tags, ascii(0x010f, e.Make))
	}
	if e.Model != "" {
		tags = append(tags, ascii(0x0110, e.Model))
	}
	return tags
}

// place gives the directory of GPS.
func (e EXIF) place() []entry {
	if !e.GPS {
		return nil
	}
	return []entry{
		ascii(1, cmp.Or(e.NorthSouth, "N")), fractions(2, 47, 33, 21),
		ascii(3, cmp.Or(e.EastWest, "E")), fractions(4, 13, 38, 57),
	}
}

// block is a whole TIFF structure that holds nothing but the metadata.
func (e EXIF) block() []byte {
	return append([]byte("II*\x00\x08\x00\x00\x00"), e.directories(8, nil)...)
}

// intoTIFF appends a new main directory, the old one's tags, e's and more, and points
// the header at it.
func (e EXIF) intoTIFF(file []byte, more ...entry) []byte {
	at := int(le.Uint32(file[4:]))
	n := int(le.Uint16(file[at:]))
	var old []entry
	for i := range n {
		p := file[at+2+12*i:]
		// Values behind the directory stay where they are: the four bytes
		// that point to them are taken over like a value.
		old = append(old, entry{le.Uint16(p), le.Uint16(p[2:]), le.Uint32(p[4:]), p[8:12]})
	}
	out := slices.Clone(file)
	if len(out)%2 == 1 {
		out = append(out, 0)
	}
	le.PutUint32(out[4:], uint32(len(out)))
	return append(out, e.directories(len(out), append(old, more...))...)
}

func pngChunk(name string, data []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	out = append(append(out, name...), data...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
}

// afterIHDR puts a chunk behind a PNG's signature (8 bytes) and first chunk (25
// bytes).
func afterIHDR(file, chunk []byte) []byte {
	return slices.Concat(file[:33], chunk, file[33:])
}

// webpEXIF wraps a plain lossless file into the extended format, which alone
// can hold metadata (RFC 9649, section 2.7).
func webpEXIF(file, block []byte) []byte {
	const hasEXIF, hasAlpha = 0x08, 0x10
	size := le.Uint32(file[21:]) // behind "RIFF", length, "WEBP", "VP8L", length, 0x2f
	w, h := size&0x3fff, size>>14&0x3fff
	extended := []byte{
		hasEXIF | hasAlpha, 0, 0, 0,
		byte(w), byte(w >> 8), byte(w >> 16), byte(h), byte(h >> 8), byte(h >> 16),
	}
	return riff(chunk("VP8X", extended), file[12:], chunk("EXIF", block))
}
