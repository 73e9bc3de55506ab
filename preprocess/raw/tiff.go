package raw

import (
	"bytes"
	"encoding/binary"
	"math"

	"vlocal/preprocess/ifd"
)

// What bounds the reading of a TIFF file. A raw file has up to ten directories with
// some 60 tags each.
const (
	maxDirectories = 64
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
	maker         = 0x010f
	model         = 0x0110
	exifIFD       = 0x8769
	gpsIFD        = 0x8825
	takenAt       = 0x9003
	takenOffset   = 0x9011
	makerNote     = 0x927c
	lens          = 0xa434

	northSouth = 0x0001
	latitude   = 0x0002
	eastWest   = 0x0003
	longitude  = 0x0004

	olympusSettings = 0x2020
	olympusPreview  = 0x0101
	olympusLength   = 0x0102
)

// walker goes through the directories of a TIFF file, or of what is built like one.
type walker struct {
	ifd.File
	f        *finder
	previews bool // else only what is told of the picture
	seen     map[uint32]bool
}

// tiff reads b, which is the file or a part of it.
func (f *finder) tiff(b []byte, previews bool) {
	file, at, ok := ifd.Open(b)
	if !ok {
		return
	}
	w := &walker{File: file, f: f, previews: previews, seen: map[uint32]bool{}}
	for at != 0 {
		at = w.directory(at, len(w.seen) == 0)
	}
}

// gps reads a TIFF file whose first directory is that of GPS.
func (f *finder) gps(b []byte) {
	if file, at, ok := ifd.Open(b); ok {
		w := &walker{File: file, f: f, seen: map[uint32]bool{}}
		w.place(at)
	}
}

// entries reads the directory at a place, and where the next one is; none of one
// that was read before.
func (w *walker) entries(at uint32) (all map[uint16]ifd.Entry, next uint32) {
	if w.seen[at] || len(w.seen) >= maxDirectories {
		return nil, 0
	}
	w.seen[at] = true
	all, next, _ = w.Read(at)
	return all, next
}

// directory reads the one at a place and all below it. The first of a file tells how
// the picture is turned.
func (w *walker) directory(at uint32, first bool) (next uint32) {
	tags, next := w.entries(at)
	if v, ok := w.Number(tags[orientation]); ok && first && w.f.Orientation == 0 && v >= 1 && v <= 8 {
		w.f.Orientation = int(v)
	}
	w.told(tags)
	if w.previews {
		w.offers(tags)
	}
	for _, below := range w.Numbers(tags[subIFDs], maxBelow) {
		w.directory(below, false)
	}
	if exif, ok := w.Number(tags[exifIFD]); ok {
		tags, _ := w.entries(exif)
		w.told(tags)
		if w.previews {
			w.olympus(tags[makerNote])
		}
	}
	if gps, ok := w.Number(tags[gpsIFD]); ok {
		w.place(gps)
	}
	return next
}

// told takes what is told of the picture; what was told first counts.
func (w *walker) told(tags map[uint16]ifd.Entry) {
	first := func(v *string, tag uint16) {
		if *v == "" {
			*v = w.Text(tags[tag])
		}
	}
	first(&w.f.Make, maker)
	first(&w.f.Model, model)
	first(&w.f.Lens, lens)
	w.f.AdobeRGB = w.f.AdobeRGB || w.AdobeRGB(tags)
	if t := w.Text(tags[takenAt]); t != "" && w.f.TakenAt == "" {
		w.f.TakenAt, w.f.Offset = t, w.Text(tags[takenOffset])
	}
}

// place reads the directory of GPS (CIPA DC-008, 4.6.6): degrees, minutes, seconds.
func (w *walker) place(at uint32) {
	tags, _ := w.entries(at)
	if w.f.NorthSouth = w.Text(tags[northSouth]); w.f.NorthSouth == "" {
		return
	}
	degrees := func(tag uint16) float64 {
		v := w.Fractions(tags[tag], 3)
		if len(v) != 3 {
			return math.NaN()
		}
		return v[0] + v[1]/60 + v[2]/3600
	}
	w.f.EastWest = w.Text(tags[eastWest])
	w.f.Latitude, w.f.Longitude = degrees(latitude), degrees(longitude)
}

// offers looks at the JPEGs that a directory names: by the tags of thumbnails, as
// a single strip, or by Panasonic's tag, whose value it is.
func (w *walker) offers(tags map[uint16]ifd.Entry) {
	at, ok := w.Number(tags[jpegOffset])
	n, ok2 := w.Number(tags[jpegLength])
	if ok && ok2 {
		w.f.offer(uint64(at), uint64(n))
	}
	if how, _ := w.Number(tags[compression]); how == 6 || how == 7 {
		at, n := w.Numbers(tags[stripOffsets], 2), w.Numbers(tags[stripSizes], 2)
		if len(at) == 1 && len(n) == 1 {
			w.f.offer(uint64(at[0]), uint64(n[0]))
		}
	}
	if e, ok := tags[panasonicJPEG]; ok && e.Count > 4 {
		w.f.offer(uint64(w.Place(e)), uint64(e.Count))
	}
}

// olympus looks into the notes of an Olympus or OM System camera, for the directory
// of settings. What it names counts from the start of the notes.
func (w *walker) olympus(note ifd.Entry) {
	b := w.Value(note)
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
	start := w.Place(note)
	in := &walker{File: ifd.File{Bytes: w.Bytes[start:], Order: w.Order}, f: w.f, seen: map[uint32]bool{}}
	switch string(b[head-4 : head-2]) {
	case "II":
		in.Order = binary.LittleEndian
	case "MM":
		in.Order = binary.BigEndian
	}
	tags, _ := in.entries(uint32(head))
	settings, ok := tags[olympusSettings]
	if !ok {
		return
	}
	tags, _ = in.entries(in.Place(settings))
	at, ok := in.Number(tags[olympusPreview])
	n, ok2 := in.Number(tags[olympusLength])
	if ok && ok2 {
		w.f.offer(uint64(start)+uint64(at), uint64(n))
	}
}
