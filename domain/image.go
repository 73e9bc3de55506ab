package domain

import (
	"math/bits"
	"strings"
	"time"
	"unicode/utf8"
)

// Image is a source file or URL with what is known of it.
type Image struct {
	ID int64
	// Path is absolute and spelled as the file system spells it: any bytes; or
	// it is a URL, see IsURL. PathText gives the form for people.
	Path string
	// Size is in bytes, as the last scan saw it; 0 for a URL.
	Size int64
	// ModTime is the file's modification time, as the last scan saw it.
	ModTime time.Time
	Facts
}

// Facts is what only a look into the file tells. The zero value says that
// nobody has looked yet.
type Facts struct {
	// SHA256 is of the file's bytes; all zero when unknown.
	SHA256 [32]byte
	// Width and Height are in pixels as a person sees the picture, which is
	// after Orientation is applied; 0 when unknown.
	Width, Height int
	// Format is the container's name in lower case ("jpeg", "png"); "" when
	// unknown.
	Format string
	// Orientation is the EXIF value, 1 to 8; 0 when unknown.
	Orientation int
	// Warning says what is wrong with a picture that was decoded all the same, as
	// far as it goes; "" when nothing is, or unknown.
	Warning string
	// TakenAt is when the camera says the picture was taken, in ISO 8601, with
	// an offset only where the camera recorded one; "" when unknown.
	TakenAt string
	// Camera and Lens are as EXIF names them; "" when unknown.
	Camera, Lens string
	// Place is where the picture was taken. It never leaves this machine.
	Place Place
	// Hash tells alike pictures.
	Hash PerceptualHash
}

// Place is a position on Earth (WGS 84) in degrees, north and east positive.
type Place struct {
	Latitude, Longitude float64
	// Known says that there is one.
	Known bool
}

// PerceptualHash tells alike pictures: theirs differ in few bits. 0 when unknown.
type PerceptualHash uint64

// Distance is in how many bits, of 64, two hashes differ.
func (h PerceptualHash) Distance(other PerceptualHash) int {
	return bits.OnesCount64(uint64(h ^ other))
}

// Candidate is a file that a scan found and that may be an image: its name or
// its content says so.
type Candidate struct {
	// Path is absolute, in the file system's own bytes.
	Path string
	// Size is in bytes.
	Size int64
	// ModTime is the modification time with all the precision that the file
	// system gives.
	ModTime time.Time
}

// IsURL reports whether an image's path is a URL. An absolute path of no file
// system begins like one.
func IsURL(path string) bool {
	return strings.HasPrefix(path, "http://") || strings.HasPrefix(path, "https://")
}

// PathText gives a path as valid UTF-8: bytes that are not are written \xNN.
// A path that is valid already comes back unchanged, so two different paths
// can have the same text; that takes a name that holds a literal \xNN.
func PathText(path string) string {
	if utf8.ValidString(path) {
		return path
	}
	const hex = "0123456789abcdef"
	var b strings.Builder
	for len(path) > 0 {
		r, n := utf8.DecodeRuneInString(path)
		if r == utf8.RuneError && n == 1 {
			b.WriteString(`\x`)
			b.WriteByte(hex[path[0]>>4])
			b.WriteByte(hex[path[0]&15])
		} else {
			b.WriteString(path[:n])
		}
		path = path[n:]
	}
	return b.String()
}
