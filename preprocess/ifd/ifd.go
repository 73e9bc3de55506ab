// Package ifd reads the directories of TIFF files and of what is built like them:
// EXIF and most camera raw files. It never reads outside of the bytes that it is
// given.
//
// Source: TIFF 6.0, section 2.
package ifd

import (
	"encoding/binary"
	"strings"
)

// maxEntries bounds a directory's tags. A raw file's have some 60.
const maxEntries = 2000

// maxText bounds a text, in bytes; that of a lens may have some 60.
const maxText = 256

// File is a TIFF file or a part of another file that is built like one.
type File struct {
	// Bytes are those that offsets count in.
	Bytes []byte
	// Order is the byte order.
	Order binary.ByteOrder
}

// Open reads the byte order and where the first directory is. It does not look at
// the magic number: Olympus and Panasonic have their own.
func Open(b []byte) (f File, first uint32, ok bool) {
	if len(b) < 8 {
		return f, 0, false
	}
	f = File{b, binary.LittleEndian}
	if b[0] == 'M' {
		f.Order = binary.BigEndian
	}
	return f, f.Order.Uint32(b[4:]), true
}

// Entry is a tag of a directory.
type Entry struct {
	// Kind is the type of its values, and Count how many there are.
	Kind  uint16
	Count uint32
	// Inline are the four bytes that hold the values, or say where they are.
	Inline []byte
}

// Read reads the directory at a place, and where the next one is, 0 for none. Of a
// tag that comes twice the first counts.
func (f File) Read(at uint32) (all map[uint16]Entry, next uint32, ok bool) {
	if uint64(at)+2 > uint64(len(f.Bytes)) {
		return nil, 0, false
	}
	n := int(f.Order.Uint16(f.Bytes[at:]))
	b := f.Bytes[at+2:]
	if n > maxEntries || 12*n > len(b) {
		return nil, 0, false
	}
	all = map[uint16]Entry{}
	for range n {
		tag := f.Order.Uint16(b)
		if _, twice := all[tag]; !twice {
			all[tag] = Entry{f.Order.Uint16(b[2:]), f.Order.Uint32(b[4:]), b[8:12]}
		}
		b = b[12:]
	}
	if len(b) >= 4 {
		next = f.Order.Uint32(b)
	}
	return all, next, true
}

// Place is where an entry's values are when they are not inline.
func (f File) Place(e Entry) uint32 { return f.Order.Uint32(e.Inline) }

// Value gives an entry's bytes, nil where they are not all there.
func (f File) Value(e Entry) []byte {
	size := uint64(e.Count)
	switch e.Kind {
	case 1, 2, 6, 7:
	case 3, 8:
		size *= 2
	case 4, 9, 11, 13:
		size *= 4
	case 5, 10, 12:
		size *= 8
	default:
		return nil
	}
	if size <= 4 {
		return e.Inline[:size]
	}
	at := uint64(f.Place(e))
	if at > uint64(len(f.Bytes)) || size > uint64(len(f.Bytes))-at {
		return nil
	}
	return f.Bytes[at : at+size]
}

// Numbers gives up to limit of an entry's values, if they are uint8, uint16 or
// uint32.
func (f File) Numbers(e Entry, limit int) (out []uint32) {
	v := f.Value(e)
	for len(out) < limit {
		switch {
		case e.Kind == 1 && len(v) >= 1:
			out, v = append(out, uint32(v[0])), v[1:]
		case e.Kind == 3 && len(v) >= 2:
			out, v = append(out, uint32(f.Order.Uint16(v))), v[2:]
		case (e.Kind == 4 || e.Kind == 13) && len(v) >= 4:
			out, v = append(out, f.Order.Uint32(v)), v[4:]
		default:
			return out
		}
	}
	return out
}

// Number gives the first value.
func (f File) Number(e Entry) (uint32, bool) {
	if v := f.Numbers(e, 1); len(v) == 1 {
		return v[0], true
	}
	return 0, false
}

// Fractions gives up to limit of an entry's values, if they are of two uint32 each;
// one by 0 is infinite or no number.
func (f File) Fractions(e Entry, limit int) (out []float64) {
	v := f.Value(e)
	for e.Kind == 5 && len(v) >= 8 && len(out) < limit {
		out = append(out, float64(f.Order.Uint32(v))/float64(f.Order.Uint32(v[4:])))
		v = v[8:]
	}
	return out
}

// Text gives a short text without the blanks behind it, "" if it is none.
func (f File) Text(e Entry) string {
	if e.Kind != 2 || e.Count > maxText {
		return ""
	}
	return strings.TrimRight(string(f.Value(e)), " \x00")
}

// AdobeRGB reports whether a directory of EXIF says that the picture's colours are
// those of Adobe RGB: ColorSpace is "uncalibrated", and the directory of
// interoperability says R03 (DCF 2.0, CIPA DC-009). Some cameras write a ColorSpace
// of 2 instead.
func (f File) AdobeRGB(exif map[uint16]Entry) bool {
	const colorSpace, interoperability, index, uncalibrated = 0xa001, 0xa005, 0x0001, 0xffff
	switch v, _ := f.Number(exif[colorSpace]); v {
	case 2:
		return true
	case uncalibrated:
		at, ok := f.Number(exif[interoperability])
		if !ok {
			return false
		}
		tags, _, _ := f.Read(at)
		return f.Text(tags[index]) == "R03"
	}
	return false
}
