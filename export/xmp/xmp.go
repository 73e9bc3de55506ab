// Package xmp writes what a model said about a photo into an XMP sidecar beside it,
// where Lightroom, digiKam and others look for keywords and captions. The photo
// itself is never opened, and a sidecar that another program wrote, or changed, is
// never touched.
package xmp

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"vlocal/export"
)

// Names says what a sidecar is called.
type Names string

const (
	// Auto is Adobe's way for camera raw files, which Lightroom reads sidecars of,
	// and digiKam's for all others, which it does not.
	Auto Names = "auto"
	// Adobe replaces the ending: IMG_1.xmp.
	//
	// Source: XMP Specification Part 3 (2020), 1.1: a file of the same name with the
	// extension .xmp.
	Adobe Names = "adobe"
	// Digikam puts .xmp behind it: IMG_1.jpg.xmp, as digiKam does (unless it is told
	// to be compatible with commercial programs) and darktable.
	Digikam Names = "digikam"
)

// AllNames is the closed list.
var AllNames = []Names{Auto, Adobe, Digikam}

// rawEndings are those of camera raw files.
var rawEndings = []string{
	".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dng", ".erf", ".iiq", ".kdc", ".mef", ".mos", ".mrw", ".nef", ".nrw",
	".orf", ".pef", ".raf", ".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f",
}

// Path gives the name of a photo's sidecar.
func (n Names) Path(photo string) string {
	ending := filepath.Ext(photo)
	if n == Adobe || n == Auto && slices.Contains(rawEndings, strings.ToLower(ending)) {
		return strings.TrimSuffix(photo, ending) + ".xmp"
	}
	return photo + ".xmp"
}

// Sidecar is what one says.
type Sidecar struct {
	// Keywords become dc:subject, Caption dc:description.
	Keywords []string
	Caption  string
}

// Outcome says what Write did.
type Outcome int

const (
	// Written: the file is new, or was vlocal's own and says something else now.
	Written Outcome = iota
	// Unchanged: it said the same already.
	Unchanged
)

// ErrForeign says that a sidecar is there that vlocal did not write, or that another
// program changed since. It was left as it is.
var ErrForeign = errors.New("it was written or changed by another program, and is left as it is")

// Write writes a sidecar, whole or not at all. Errors name the file; ErrForeign.
func Write(path string, s Sidecar) (Outcome, error) {
	data := s.encode()
	before, err := read(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		// Whoever may read the photos may read their sidecars.
		return Written, export.FileMode(path, 0o644, func(w io.Writer) error { return writeAll(w, data) })
	case err != nil:
		return 0, fmt.Errorf("%s: %w", path, err)
	case !own(before):
		return 0, fmt.Errorf("%s: %w", path, ErrForeign)
	case bytes.Equal(before, data):
		return Unchanged, nil
	}
	return Written, export.File(path, func(w io.Writer) error { return writeAll(w, data) })
}

func writeAll(w io.Writer, data []byte) error {
	_, err := w.Write(data)
	return err
}

// maxOwn is more than any sidecar of vlocal's has, in bytes.
const maxOwn = 4 << 20

// read gives what a sidecar holds. What is no plain file (a link may lead to another
// photo's) is foreign.
func read(path string) ([]byte, error) {
	st, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() || st.Size() > maxOwn {
		return nil, ErrForeign
	}
	return os.ReadFile(path)
}

// The digest by which vlocal knows its own sidecars: the SHA-256 of the file with
// zeros in its place. Whoever changes the file, changes that.
const (
	digestBegin = ` vlocal:digest="`
	digestChars = 2 * sha256.Size
)

// own reports whether a sidecar is just as vlocal wrote it.
func own(data []byte) bool {
	at := bytes.Index(data, []byte(digestBegin))
	if at < 0 || len(data) < at+len(digestBegin)+digestChars {
		return false
	}
	return bytes.Equal(signed(slices.Clone(data), at+len(digestBegin)), data)
}

// signed puts the digest of data into data, at a place.
func signed(data []byte, at int) []byte {
	place := data[at : at+digestChars]
	copy(place, bytes.Repeat([]byte("0"), digestChars))
	sum := sha256.Sum256(data)
	hex.Encode(place, sum[:])
	return data
}

// encode gives the file: RDF as XMP wants it, one packet, UTF-8.
//
// Source: ISO 16684-1:2012, 7 (serialization) and 8.3 (Dublin Core: subject is a bag
// of texts, description a choice of languages).
func (s Sidecar) encode() []byte {
	var b bytes.Buffer
	b.WriteString("<?xpacket begin=\"\uFEFF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n" +
		`<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="vlocal">` + "\n" +
		` <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">` + "\n" +
		`  <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:vlocal="https://vlocal.invalid/xmp/1.0/"` + digestBegin)
	at := b.Len()
	b.Write(bytes.Repeat([]byte("0"), digestChars))
	b.WriteString("\">\n")
	if len(s.Keywords) > 0 {
		b.WriteString("   <dc:subject>\n    <rdf:Bag>\n")
		for _, k := range s.Keywords {
			b.WriteString("     <rdf:li>" + escaped(k) + "</rdf:li>\n")
		}
		b.WriteString("    </rdf:Bag>\n   </dc:subject>\n")
	}
	if s.Caption != "" {
		b.WriteString("   <dc:description>\n    <rdf:Alt>\n     <rdf:li xml:lang=\"x-default\">" + escaped(s.Caption) +
			"</rdf:li>\n    </rdf:Alt>\n   </dc:description>\n")
	}
	b.WriteString("  </rdf:Description>\n </rdf:RDF>\n</x:xmpmeta>\n<?xpacket end=\"w\"?>\n")
	return signed(b.Bytes(), at)
}

// escaped gives a text as XML has it: what XML cannot hold becomes U+FFFD.
func escaped(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a strings.Builder takes all
	return b.String()
}

// Keywords gives texts as keywords: without spaces at their edges, empty ones and
// doubles left out, each in one line and at most 64 letters, which is what IPTC
// allows and some programs cut at.
func Keywords(texts []string) (all []string) {
	for _, t := range texts {
		t = strings.Join(strings.Fields(t), " ")
		if utf8.RuneCountInString(t) > maxKeyword {
			t = strings.TrimSpace(string([]rune(t)[:maxKeyword]))
		}
		if t != "" && !slices.Contains(all, t) {
			all = append(all, t)
		}
	}
	return all
}

// maxKeyword is in letters (IPTC-IIM 4.2, 2:25: 64 octets).
const maxKeyword = 64
