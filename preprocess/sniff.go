package preprocess

import (
	"bytes"
	"encoding/binary"
	"path/filepath"
	"slices"
	"strings"
)

// SniffLen is how many bytes from the start of a file Sniff needs at most to
// tell whether it is an image.
const SniffLen = 512

// magics are the first bytes that no other kind of file has. A dot stands for
// any byte.
var magics = []struct{ format, start string }{
	{"jpeg", "\xff\xd8\xff"},
	{"png", "\x89PNG\r\n\x1a\n"},
	{"gif", "GIF87a"},
	{"gif", "GIF89a"},
	{"webp", "RIFF....WEBP"},
	{"cr2", "II*\x00....CR\x02"},
	{"jxl", "\x00\x00\x00\x0cJXL \r\n\x87\n"},
	{"jxl", "\xff\x0a"},
	{"jp2", "\x00\x00\x00\x0cjP  \r\n\x87\n"},
	{"jp2", "\xff\x4f\xff\x51"},
	{"psd", "8BPS\x00"},
	{"bigtiff", "II+\x00\x08\x00"},
	{"bigtiff", "MM\x00+\x00\x08"},
	{"orf", "IIRO"},
	{"orf", "IIRS"},
	{"orf", "MMOR"},
	{"rw2", "IIU\x00"},
	{"raf", "FUJIFILMCCD-RAW"},
	{"crw", "II\x1a\x00\x00\x00HEAPCCDR"},
	{"mrw", "\x00MRM"},
	{"x3f", "FOVb"},
}

// Sniff tells by the start of a file whether it is an image, and names its
// format in lower case: those that are decoded here (jpeg, png, gif, webp,
// tiff, bmp, heic, avif), camera raw by its usual extension, such as cr2 or nef,
// of which the preview is decoded, and those that are only known (jxl, jp2, psd,
// svg, bigtiff, crw, mrw, x3f). It looks at content only.
//
// More than SniffLen bytes can only turn a "tiff" into the camera raw format
// that it really is.
func Sniff(head []byte) (format string, ok bool) {
	for _, m := range magics {
		if begins(head, m.start) {
			return m.format, true
		}
	}
	for _, f := range []func([]byte) string{sniffTIFF, sniffBoxes, sniffBMP, sniffSVG} {
		if format := f(head); format != "" {
			return format, true
		}
	}
	return "", false
}

func begins(head []byte, start string) bool {
	if len(head) < len(start) {
		return false
	}
	for i := range len(start) {
		if start[i] != '.' && start[i] != head[i] {
			return false
		}
	}
	return true
}

// sniffTIFF tells TIFF from the camera raw formats that are built on it. Their
// first directory holds a thumbnail only (NewSubfileType 1) and points to the
// picture by SubIFDs, or names a DNG version; decoding them as TIFF would show
// the thumbnail.
//
// Sources: TIFF 6.0, section 2; Adobe DNG Specification 1.7, chapter 2.
func sniffTIFF(head []byte) string {
	var order binary.ByteOrder = binary.LittleEndian
	switch {
	case begins(head, "II*\x00"):
	case begins(head, "MM\x00*"):
		order = binary.BigEndian
	default:
		return ""
	}
	var thumbnail, elsewhere bool
	var maker string
	for e := range directory(head, order) {
		value := order.Uint32(e[8:])
		switch order.Uint16(e) {
		case 0x00fe: // NewSubfileType
			thumbnail = value&1 != 0
		case 0x010f: // Make
			if at, n := uint64(value), uint64(order.Uint32(e[4:])); at+n <= uint64(len(head)) {
				maker = strings.ToUpper(string(head[at : at+n]))
			}
		case 0x014a: // SubIFDs
			elsewhere = true
		case 0xc612: // DNGVersion
			return "dng"
		}
	}
	if !thumbnail || !elsewhere {
		return "tiff"
	}
	for start, format := range map[string]string{"NIKON": "nef", "SONY": "arw", "PENTAX": "pef"} {
		if strings.HasPrefix(maker, start) {
			return format
		}
	}
	return "raw"
}

// directory yields the twelve bytes of each tag in a TIFF's first directory,
// as far as head holds them.
func directory(head []byte, order binary.ByteOrder) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		if len(head) < 8 {
			return
		}
		at := uint64(order.Uint32(head[4:]))
		if at+2 > uint64(len(head)) {
			return
		}
		tags := head[at+2:]
		for range order.Uint16(head[at:]) {
			if len(tags) < 12 || !yield(tags[:12]) {
				return
			}
			tags = tags[12:]
		}
	}
}

// sniffBoxes reads the brands of an ISO base media file (ISO/IEC 14496-12, 4.3;
// ISO/IEC 23008-12, 10.2; AVIF 1.1, 3), which may as well be a film.
func sniffBoxes(head []byte) string {
	if len(head) < 16 || string(head[4:8]) != "ftyp" {
		return ""
	}
	end := min(uint64(binary.BigEndian.Uint32(head)), uint64(len(head)))
	brands := []string{string(head[8:12])}
	for at := uint64(16); at+4 <= end; at += 4 {
		brands = append(brands, string(head[at:at+4]))
	}
	has := func(any ...string) bool {
		return slices.ContainsFunc(any, func(b string) bool { return slices.Contains(brands, b) })
	}
	switch {
	case has("crx "):
		return "cr3"
	case has("avif", "avis"):
		return "avif"
	case has("heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"):
		return "heic"
	}
	return ""
}

// sniffBMP asks for more than "BM", with which a text may begin too: the four
// reserved bytes and a known length of the second header.
func sniffBMP(head []byte) string {
	if !begins(head, "BM") || len(head) < 18 || !bytes.Equal(head[6:10], make([]byte, 4)) {
		return ""
	}
	if n := binary.LittleEndian.Uint32(head[14:]); slices.Contains([]uint32{12, 16, 40, 52, 56, 64, 108, 124}, n) {
		return "bmp"
	}
	return ""
}

// sniffSVG looks for the root element behind what XML lets stand before it.
func sniffSVG(head []byte) string {
	head = bytes.TrimPrefix(head[:min(len(head), SniffLen)], []byte("\xef\xbb\xbf"))
	for {
		head = bytes.TrimLeft(head, " \t\r\n")
		var end string
		switch {
		case begins(head, "<svg") && len(head) > 4 && bytes.IndexByte([]byte(" \t\r\n>/"), head[4]) >= 0,
			begins(head, "<!DOCTYPE svg"):
			return "svg"
		case begins(head, "<?"):
			end = "?>"
		case begins(head, "<!--"):
			end = "-->"
		default:
			return ""
		}
		_, rest, found := bytes.Cut(head, []byte(end))
		if !found {
			return ""
		}
		head = rest
	}
}

// names are the extensions of image files, in lower case: those of the formats
// that Sniff knows, and of camera raw of all makers.
var names = []string{
	".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".png", ".apng", ".gif", ".webp",
	".tif", ".tiff", ".bmp", ".dib",
	".heic", ".heif", ".hif", ".avif", ".jxl", ".jp2", ".j2k", ".jpf", ".jpx", ".psd", ".svg",
	".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff", ".iiq", ".kdc",
	".mef", ".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2", ".rwl",
	".sr2", ".srf", ".srw", ".x3f",
}

// NamedLikeImage reports whether a file's name ends as those of images do, in
// upper or lower case. It says nothing of the content.
func NamedLikeImage(name string) bool {
	return slices.Contains(names, strings.ToLower(filepath.Ext(name)))
}

// hintFor says what to do with a picture of a format that is only known.
func hintFor(format string) string {
	switch format {
	case "svg":
		return "it is a drawing; export it as PNG"
	case "heic", "avif", "jxl", "jp2", "psd", "bigtiff":
		return "export it as JPEG"
	}
	return "it is a camera's raw file; export it as JPEG from your photo program"
}
