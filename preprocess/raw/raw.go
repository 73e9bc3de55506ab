// Package raw finds the preview in a camera's raw file: a JPEG that the camera made
// of it, often in full size. The raw data is not looked at.
//
// Three containers are read: TIFF with its variants (CR2, NEF, ARW, DNG, ORF, RW2,
// PEF and others), ISO base media (CR3) and Fujifilm's own (RAF).
package raw

import (
	"encoding/binary"
	"errors"

	"vlocal/preprocess/isobmff"
)

// ErrNoPreview says that a file is sound as far as can be told and carries no JPEG
// that a usual decoder reads.
var ErrNoPreview = errors.New("there is no JPEG preview in it")

// errCut says that a file names a preview that is not all there.
var errCut = errors.New("its preview lies beyond the end of the file")

// Preview is the JPEG of the most pixels, and what the raw file tells beside it.
type Preview struct {
	// JPEG is a part of the file's bytes.
	JPEG []byte
	// Width and Height are those of the JPEG.
	Width, Height int
	// Orientation is that of EXIF, 0 where it is not told.
	Orientation int
	// TakenAt and Offset are as EXIF writes them, "" where they are not told.
	TakenAt, Offset string
	// AdobeRGB says that the camera made the preview in the colours of Adobe RGB.
	AdobeRGB bool
	// Make, Model and Lens are as EXIF writes them, "" where they are not told.
	Make, Model, Lens string
	// Latitude and Longitude are in degrees, without a sign; which way they count is
	// "N" or "S", and "E" or "W", "" where it is not told.
	Latitude, Longitude  float64
	NorthSouth, EastWest string
}

// Open finds the preview in a file of a format as preprocess.Sniff names it.
func Open(format string, data []byte) (Preview, error) {
	f := &finder{data: data}
	switch format {
	case "cr3":
		f.cr3()
	case "raf":
		f.raf()
	default:
		f.tiff(data, true)
	}
	if f.JPEG == nil && f.cut {
		return f.Preview, errCut
	}
	if f.JPEG == nil {
		return f.Preview, ErrNoPreview
	}
	return f.Preview, nil
}

// finder keeps the best that was found.
type finder struct {
	Preview
	data []byte
	cut  bool // some preview was not all there
}

// offer looks at what may be a preview: n bytes at a place in the file.
func (f *finder) offer(at, n uint64) {
	if at > uint64(len(f.data)) || n > uint64(len(f.data))-at {
		f.cut = f.cut || n > 0
		return
	}
	b := f.data[at : at+n]
	if w, h, ok := jpegSize(b); ok && w*h > f.Width*f.Height {
		f.JPEG, f.Width, f.Height = b, w, h
	}
}

// jpegSize reads the frame header of a JPEG that is baseline, extended or
// progressive. Others, such as the lossless ones that hold raw data, are none.
// Source: ITU-T T.81, B.1.1.3 and B.2.2.
func jpegSize(b []byte) (w, h int, ok bool) {
	if len(b) < 4 || b[0] != 0xff || b[1] != 0xd8 {
		return 0, 0, false
	}
	for at := 2; at+9 <= len(b) && b[at] == 0xff; {
		switch marker := b[at+1]; marker {
		case 0xff: // a fill byte
			at++
			continue
		case 0xc0, 0xc1, 0xc2:
			h, w = int(b[at+5])<<8|int(b[at+6]), int(b[at+7])<<8|int(b[at+8])
			return w, h, b[at+4] == 8 && w > 0 && h > 0
		case 0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf, 0xd9, 0xda:
			return 0, 0, false
		}
		at += 2 + int(binary.BigEndian.Uint16(b[at+2:]))
	}
	return 0, 0, false
}

// raf reads the header of a Fujifilm file, which tells where the JPEG is, and how
// long.
//
// Source: libopenraw.freedesktop.org, "Fuji RAF file format".
func (f *finder) raf() {
	const jpegAt = 84
	if len(f.data) < jpegAt+8 {
		return
	}
	f.offer(uint64(binary.BigEndian.Uint32(f.data[jpegAt:])), uint64(binary.BigEndian.Uint32(f.data[jpegAt+4:])))
}

// cr3 reads a Canon CR3: previews are the first samples of its tracks, of which one
// is a JPEG in full size, and in the box PRVW; CMT1, CMT2 and CMT4 are TIFF files with
// the first directory, that of EXIF and that of GPS.
//
// Source: github.com/lclevy/canon_cr3, "Describing the Canon Raw v3 (CR3) file
// format".
func (f *finder) cr3() {
	const id = 16 // of a uuid box
	preview := "\xea\xf4\x2b\x5e\x1c\x98\x4b\x88\xb9\xfb\xb7\xdc\x40\x6e\x4d\x16"
	canon := "\x85\xc0\xb6\x87\x82\x0f\x11\xe0\x81\x11\xf4\xce\x46\x2b\x6a\x48"
	for kind, body := range isobmff.Boxes(f.data) {
		switch {
		case kind == "moov":
			for kind, body := range isobmff.Boxes(body) {
				if kind == "trak" {
					f.track(body)
				}
				if kind == "uuid" && len(body) > id && string(body[:id]) == canon {
					for _, name := range []string{"CMT1", "CMT2"} {
						if block, ok := isobmff.Child(body[id:], name); ok {
							f.tiff(block, false)
						}
					}
					if block, ok := isobmff.Child(body[id:], "CMT4"); ok {
						f.gps(block)
					}
				}
			}
		case kind == "uuid" && len(body) > id+8 && string(body[:id]) == preview:
			// Version and flags, a number, width, height, a number, and the length.
			const head = 4 + 2 + 2 + 2 + 2 + 4
			b, ok := isobmff.Child(body[id+8:], "PRVW")
			if !ok || len(b) < head {
				continue
			}
			n := uint64(binary.BigEndian.Uint32(b[head-4:]))
			f.offer(uint64(f.place(b)+head), n)
		}
	}
}

// place gives where in the file a part of it begins.
func (f *finder) place(part []byte) int { return cap(f.data) - cap(part) }

// track offers the first sample of a track (ISO/IEC 14496-12, 8.7).
func (f *finder) track(b []byte) {
	for _, kind := range []string{"mdia", "minf", "stbl"} {
		inner, ok := isobmff.Child(b, kind)
		if !ok {
			return
		}
		b = inner
	}
	sizes, ok := isobmff.Child(b, "stsz")
	if !ok || len(sizes) < 12 {
		return
	}
	n := binary.BigEndian.Uint32(sizes[4:])
	if n == 0 && len(sizes) >= 16 {
		n = binary.BigEndian.Uint32(sizes[12:])
	}
	if at, ok := isobmff.Child(b, "co64"); ok && len(at) >= 16 {
		f.offer(binary.BigEndian.Uint64(at[8:]), uint64(n))
	} else if at, ok := isobmff.Child(b, "stco"); ok && len(at) >= 12 {
		f.offer(uint64(binary.BigEndian.Uint32(at[8:])), uint64(n))
	}
}
