package testimage

import (
	"encoding/binary"
	"slices"
)

// Raw is a camera's raw file of a format (cr2, cr3, nef, arw, dng, orf, raf, rw2)
// with two previews and no raw data: a small JPEG and a large one where the format
// has it. A nil JPEG is left out. What e tells stands in the raw file, but for raf,
// which has it in its preview only.
//
// Sources: TIFF 6.0; TIFF/EP (ISO 12234-2); libopenraw.freedesktop.org for RAF;
// github.com/lclevy/canon_cr3; exiftool.org for Olympus and Panasonic.
func Raw(format string, small, large []byte, e EXIF) []byte {
	switch format {
	case "raf":
		head := make([]byte, 148)
		copy(head, "FUJIFILMCCD-RAW 0201FF383501X-T2")
		if large != nil {
			binary.BigEndian.PutUint32(head[84:], uint32(len(head)))
			binary.BigEndian.PutUint32(head[88:], uint32(len(large)))
		}
		return append(head, large...)
	case "cr3":
		return cr3(small, large, e)
	case "orf":
		return orf(small, large, e)
	}
	return rawTIFF(format, small, large, e)
}

// rawTIFF puts the small preview into the first directory and the large one where
// the format has it.
func rawTIFF(format string, small, large []byte, e EXIF) []byte {
	const at = 16
	head := append([]byte("II*\x00\x10\x00\x00\x00"), make([]byte, at-8)...)
	switch format {
	case "cr2":
		copy(head[8:], "CR\x02\x00")
	case "rw2":
		copy(head, "IIU\x00")
	}
	sub := at + 2000
	jpegs := sub + 200
	place := func(b []byte, at int) []entry {
		if b == nil {
			return nil
		}
		return []entry{long(0x0201, at), long(0x0202, len(b))}
	}
	first := []entry{}
	if format == "cr2" && large != nil { // a single strip, in the first directory
		first = append(first, short(0x0103, 6), long(0x0111, jpegs+len(small)), long(0x0117, len(large)))
	} else if format != "rw2" {
		first = append(first, short(0x0103, 6), long(0x00fe, 1), long(0x014a, sub))
		first = append(first, place(small, jpegs)...)
	}
	switch format {
	case "dng":
		first = append(first, entry{0xc612, 1, 4, []byte{1, 4, 0, 0}})
	case "nef":
		e.Make = "NIKON CORPORATION"
	case "arw":
		e.Make = "SONY"
	case "rw2":
		if large != nil {
			e := entry{0x002e, 7, uint32(len(large)), large}
			first = append(first, e)
		}
	}
	out := append(head, e.directories(at, first)...)
	if format == "rw2" {
		return out
	}
	out = append(out, make([]byte, max(sub-len(out), 0))...)
	switch {
	case format == "dng" && large != nil: // as a strip
		out = append(out, directory(sub, []entry{short(0x0103, 7), short(0x0106, 6),
			long(0x0111, jpegs+len(small)), long(0x0117, len(large))})...)
	case format != "cr2":
		out = append(out, directory(sub, place(large, jpegs+len(small)))...)
	}
	out = append(out, make([]byte, max(jpegs-len(out), 0))...)
	return slices.Concat(out, small, large)
}

// orf is like TIFF; its large preview is named by the maker's notes, in which places
// count from their own start.
func orf(small, large []byte, e EXIF) []byte {
	const at, gps, exif, note = 8, 1500, 2000, 2400
	jpegs := note + 400
	first := append(e.camera(), long(0x8769, exif))
	if e.GPS {
		first = append(first, long(0x8825, gps))
	}
	if e.Orientation != 0 {
		first = append(first, short(0x0112, e.Orientation))
	}
	if small != nil {
		first = append(first, long(0x0201, jpegs), long(0x0202, len(small)))
	}
	out := append([]byte("IIRO\x08\x00\x00\x00"), directory(at, first)...)
	out = append(out, make([]byte, gps-len(out))...)
	out = append(out, directory(gps, e.place())...)
	out = append(out, make([]byte, exif-len(out))...)
	notes := append([]byte("OLYMPUS\x00II\x03\x00"), directory(12, []entry{{0x2020, 13, 1, le.AppendUint32(nil, 100)}})...)
	notes = append(notes, make([]byte, 100-len(notes))...)
	var settings []entry
	if large != nil {
		settings = []entry{long(0x0101, jpegs+len(small)-note), long(0x0102, len(large))}
	}
	notes = append(notes, directory(100, settings)...)
	tags := []entry{{0x927c, 7, uint32(len(notes)), le.AppendUint32(nil, note)}} // where they stand
	if e.TakenAt != "" {
		tags = append(tags, ascii(0x9003, e.TakenAt))
	}
	if e.Lens != "" {
		tags = append(tags, ascii(0xa434, e.Lens))
	}
	if e.Offset != "" {
		tags = append(tags, ascii(0x9011, e.Offset))
	}
	out = append(out, directory(exif, tags)...)
	out = append(out, make([]byte, note-len(out))...)
	out = append(out, notes...)
	out = append(out, make([]byte, jpegs-len(out))...)
	return slices.Concat(out, small, large)
}

func cr3(small, large []byte, e EXIF) []byte {
	const previews, canon = "\xea\xf4\x2b\x5e\x1c\x98\x4b\x88\xb9\xfb\xb7\xdc\x40\x6e\x4d\x16",
		"\x85\xc0\xb6\x87\x82\x0f\x11\xe0\x81\x11\xf4\xce\x46\x2b\x6a\x48"
	ftyp := box("ftyp", []byte("crx \x00\x00\x00\x01crx isom"))
	tiff := func(tags ...entry) []byte { return append([]byte("II*\x00\x08\x00\x00\x00"), directory(8, tags)...) }
	var one, two []entry
	if e.Orientation != 0 {
		one = append(one, short(0x0112, e.Orientation))
	}
	if e.TakenAt != "" {
		two = append(two, ascii(0x9003, e.TakenAt))
	}
	if e.Offset != "" {
		two = append(two, ascii(0x9011, e.Offset))
	}
	one = append(one, e.camera()...)
	if e.Lens != "" {
		two = append(two, ascii(0xa434, e.Lens))
	}
	moov := func(at int) []byte {
		parts := [][]byte{box("uuid", []byte(canon), box("CMT1", tiff(one...)), box("CMT2", tiff(two...)), box("CMT4", tiff(e.place()...)))}
		if large != nil {
			parts = append(parts, box("trak", box("mdia", box("minf", box("stbl",
				box("stsz", u32(0, len(large), 1)), box("co64", u32(0, 1, 0, at)))))))
		}
		return box("moov", parts...)
	}
	var prvw []byte
	if small != nil {
		prvw = box("uuid", []byte(previews), make([]byte, 8),
			box("PRVW", u32(0), u16(1), u16(0), u16(0), u16(1), u32(len(small)), small))
	}
	at := len(ftyp) + len(moov(0)) + len(prvw) + 8
	return slices.Concat(ftyp, moov(at), prvw, box("mdat", large))
}
