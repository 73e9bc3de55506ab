package xmp

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"testing"
)

// FuzzSidecar: whatever a model says is a text of a well-formed file, which vlocal
// knows again; and whatever else stands in a file is not taken for one of vlocal's.
func FuzzSidecar(f *testing.F) {
	f.Add("a chair", "red", []byte("<x:xmpmeta/>"))
	f.Add("</rdf:li><script>&amp;]]>", "\x00\x1b[2J\xff\ufffe", []byte(digestBegin+"00"))
	f.Add("", "", Sidecar{Caption: "x"}.encode()[1:])
	f.Fuzz(func(t *testing.T, caption, keyword string, other []byte) {
		data := Sidecar{Caption: caption, Keywords: Keywords([]string{keyword, keyword})}.encode()
		if !own(data) {
			t.Error("its own file is foreign")
		}
		elements := 0
		for d := xml.NewDecoder(bytes.NewReader(data)); ; {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%q, %q: %v", caption, keyword, err)
			}
			if _, begins := token.(xml.StartElement); begins {
				elements++
			}
		}
		if elements > 9 {
			t.Errorf("%q, %q: %d elements", caption, keyword, elements)
		}
		// Nobody signs a file by chance: one that is known is one that was encoded.
		if own(other) && !bytes.HasPrefix(other, data[:50]) {
			t.Errorf("%q is taken for a sidecar", other)
		}
		changed := slices.Clone(data)
		changed[len(changed)-2] ^= 1
		if own(changed) {
			t.Error("a changed file is still its own")
		}
	})
}
