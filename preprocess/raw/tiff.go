package raw

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// What bounds the reading of a TIFF file. A raw file has up to ten directories with
// some 60 tags.
const (
	maxDirectories = 64
	maxEntries     = 2000
	maxBelow       = 32 // directories that one tag names
)

// The tags that are read. Sources: TIFF 6.0, sections 8 and 22; TIFF Technical Note
// 1 (SubIFDs); TIFF/EP (ISO 12234-2); EXIF 2.32; exiftool.org for PanasonicRaw and
// Olympus.
const (
	panasonicJPEG = 0x002e
	compression   = 0x0103
	stripOffsets  = 0x0111
	orientation   = 0x0112
	stripSizes    = 0x0117
	subIFDs       = 0x014a
	jpegOffset    = 0x0201
	jpegLength    = 0x0202
	exifIFD       = 0x8769
	takenAt       = 0x9003
	takenOffset   = 0x9011
	makerNote     = 0x927c

	olympusSettings = 0x2020
	olympusPreview  = 0x0101
	olympusLength   = 0x0102
)

// walker goes through the directories of a TIFF file, or of what is built like one.
type walker struct {
	f        *finder
	b        []byte // offsets count from its start
	order    binary.ByteOrder
	previews bool // else only what is told of the picture
	seen     map[uint32]bool
}

// tiff reads b, which is the file or a part of it. Magic numbers are not looked at:
// Olympus and Panasonic have their own.
func (f *finder) tiff(b []byte, previews bool) {
	if len(b) < 8 {
		return
	}
	w := &walker{f: f, b: b, order: binary.LittleEndian, previews: previews, seen: map[uint32]bool{}}
	if b[0] == 'M' {
		w.order = binary.BigEndian
	}
	for at := w.order.Uint32(b[4:]); at != 0; {
		at = w.directory(at, len(w.seen) == 0)
	}
}

// entry is a tag of a directory.
type entry struct {
	tag, kind uint16
	count     uint32
	inline    []byte // the four bytes of its value, or where it lies
}

// entries reads the directory at a place, and where the next one is; none of one
// that was read before.
func (w *walker) entries(at uint32) (all map[uint16]entry, next uint32) {
	if w.seen[at] || len(w.seen) >= maxDirectories || uint64(at)+2 > uint64(len(w.b)) {
		return nil, 0
	}
	w.seen[at] = true
	n := int(w.order.Uint16(w.b[at:]))
	b := w.b[at+2:]
	if n > maxEntries || 12*n > len(b) {
		return nil, 0
	}
	all = map[uint16]entry{}
	for range n {
		e := entry{w.order.Uint16(b), w.order.Uint16(b[2:]), w.order.Uint32(b[4:]), b[8:12]}
		if _, twice := all[e.tag]; !twice {
			all[e.tag] = e
		}
		b = b[12:]
	}
	if len(b) >= 4 {
		next = w.order.Uint32(b)
	}
	return all, next
}

// value gives an entry's bytes, nil where they are not all there.
func (w *walker) value(e entry) []byte {
	size := uint64(e.count)
	switch e.kind {
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
		return e.inline[:size]
	}
	at := uint64(w.order.Uint32(e.inline))
	if at > uint64(len(w.b)) || size > uint64(len(w.b))-at {
		return nil
	}
	return w.b[at : at+size]
}

// numbers gives up to limit of an entry's values, if they are uint16 or uint32.
func (w *walker) numbers(e entry, limit int) (out []uint32) {
	v := w.value(e)
	for len(out) < limit {
		switch {
		case e.kind == 3 && len(v) >= 2:
			out, v = append(out, uint32(w.order.Uint16(v))), v[2:]
		case (e.kind == 4 || e.kind == 13) && len(v) >= 4:
			out, v = append(out, w.order.Uint32(v)), v[4:]
		default:
			return out
		}
	}
	return out
}

func (w *walker) number(e entry) (uint32, bool) {
	if v := w.numbers(e, 1); len(v) == 1 {
		return v[0], true
	}
	return 0, false
}

func (w *walker) text(e entry) string {
	if e.kind != 2 || e.count > 64 {
		return ""
	}
	return strings.TrimRight(string(w.value(e)), " \x00")
}

// directory reads the one at a place and all below it. The first of a file tells how
// the picture is turned.
func (w *walker) directory(at uint32, first bool) (next uint32) {
	tags, next := w.entries(at)
	if v, ok := w.number(tags[orientation]); ok && first && w.f.Orientation == 0 && v >= 1 && v <= 8 {
		w.f.Orientation = int(v)
	}
	w.taken(tags)
	if w.previews {
		w.offers(tags)
	}
	for _, below := range w.numbers(tags[subIFDs], maxBelow) {
		w.directory(below, false)
	}
	if exif, ok := w.number(tags[exifIFD]); ok {
		tags, _ := w.entries(exif)
		w.taken(tags)
		if w.previews {
			w.olympus(tags[makerNote])
		}
	}
	return next
}

func (w *walker) taken(tags map[uint16]entry) {
	if t := w.text(tags[takenAt]); t != "" && w.f.TakenAt == "" {
		w.f.TakenAt, w.f.Offset = t, w.text(tags[takenOffset])
	}
}

// offers looks at the JPEGs that a directory names: by the tags of thumbnails, as
// a single strip, or by Panasonic's tag, whose value it is.
func (w *walker) offers(tags map[uint16]entry) {
	at, ok := w.number(tags[jpegOffset])
	n, ok2 := w.number(tags[jpegLength])
	if ok && ok2 {
		w.f.offer(uint64(at), uint64(n))
	}
	if how, _ := w.number(tags[compression]); how == 6 || how == 7 {
		at, n := w.numbers(tags[stripOffsets], 2), w.numbers(tags[stripSizes], 2)
		if len(at) == 1 && len(n) == 1 {
			w.f.offer(uint64(at[0]), uint64(n[0]))
		}
	}
	if e, ok := tags[panasonicJPEG]; ok && e.count > 4 {
		w.f.offer(uint64(w.order.Uint32(e.inline)), uint64(e.count))
	}
}

// olympus looks into the notes of an Olympus or OM System camera, for the directory
// of settings. What it names counts from the start of the notes.
func (w *walker) olympus(note entry) {
	b := w.value(note)
	head := 0
	switch {
	case bytes.HasPrefix(b, []byte("OLYMPUS\x00")):
		head = 12
	case bytes.HasPrefix(b, []byte("OM SYSTEM\x00\x00\x00")):
		head = 16
	default:
		return
	}
	if len(b) < head {
		return
	}
	start := w.order.Uint32(note.inline)
	in := &walker{f: w.f, b: w.b[start:], order: w.order, seen: map[uint32]bool{}}
	switch string(b[head-4 : head-2]) {
	case "II":
		in.order = binary.LittleEndian
	case "MM":
		in.order = binary.BigEndian
	}
	tags, _ := in.entries(uint32(head))
	settings, ok := tags[olympusSettings]
	if !ok {
		return
	}
	tags, _ = in.entries(in.order.Uint32(settings.inline))
	at, ok := in.number(tags[olympusPreview])
	n, ok2 := in.number(tags[olympusLength])
	if ok && ok2 {
		w.f.offer(uint64(start)+uint64(at), uint64(n))
	}
}
