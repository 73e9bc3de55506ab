package xmp

import (
	"encoding/xml"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNamesAreThoseThatProgramsLookFor(t *testing.T) {
	for _, c := range []struct {
		names       Names
		photo, want string
	}{
		{Auto, "/p/IMG.jpg", "/p/IMG.jpg.xmp"}, {Auto, "/p/IMG.CR2", "/p/IMG.xmp"}, {Auto, "/p/a.b.dng", "/p/a.b.xmp"}, {Auto, "/p/none", "/p/none.xmp"},
		{Adobe, "/p/IMG.jpg", "/p/IMG.xmp"}, {Digikam, "/p/IMG.CR2", "/p/IMG.CR2.xmp"},
	} {
		if got := c.names.Path(c.photo); got != c.want {
			t.Errorf("%s of %s: %s", c.names, c.photo, got)
		}
	}
}

// said reads a sidecar as RDF.
func said(t *testing.T, path string) (s Sidecar) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var meta struct {
		RDF struct {
			Description struct {
				About   string `xml:"http://www.w3.org/1999/02/22-rdf-syntax-ns# about,attr"`
				Subject struct {
					Items []string `xml:"Bag>li"`
				} `xml:"http://purl.org/dc/elements/1.1/ subject"`
				Caption struct {
					Items []struct {
						Lang string `xml:"lang,attr"`
						Text string `xml:",chardata"`
					} `xml:"Alt>li"`
				} `xml:"http://purl.org/dc/elements/1.1/ description"`
			} `xml:"http://www.w3.org/1999/02/22-rdf-syntax-ns# Description"`
		} `xml:"http://www.w3.org/1999/02/22-rdf-syntax-ns# RDF"`
	}
	if err := xml.Unmarshal(data, &meta); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	s.Keywords = meta.RDF.Description.Subject.Items
	for _, c := range meta.RDF.Description.Caption.Items {
		if c.Lang != "x-default" {
			t.Errorf("a caption in %q", c.Lang)
		}
		s.Caption += c.Text
	}
	return s
}

func TestSidecarSaysWhatTheModelSaid(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.jpg.xmp")
	for _, s := range []Sidecar{
		{Keywords: []string{"a dent", "<rust> & \"more\"", "写真 🐈"}, Caption: "A chair]]>\n& <b>more</b>"},
		{Caption: "only this"}, {Keywords: []string{"only that"}},
	} {
		if outcome, err := Write(path, s); outcome != Written || err != nil {
			t.Fatalf("%v, %v", outcome, err)
		}
		if diff := cmp.Diff(s, said(t, path)); diff != "" {
			t.Error(diff)
		}
		if outcome, err := Write(path, s); outcome != Unchanged || err != nil {
			t.Errorf("again: %v, %v", outcome, err)
		}
	}
	if st, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && st.Mode().Perm() != 0o644 {
		t.Errorf("%v, %v; want a file that others can read", st.Mode(), err)
	}
}

func TestForeignSidecarIsLeftAsItIs(t *testing.T) {
	dir := t.TempDir()
	ours := filepath.Join(dir, "ours.xmp")
	if _, err := Write(ours, Sidecar{Caption: "a chair"}); err != nil {
		t.Fatal(err)
	}
	own, err := os.ReadFile(ours)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string]string{
		"another's":          `<x:xmpmeta xmlns:x="adobe:ns:meta/"></x:xmpmeta>`,
		"empty":              "",
		"changed":            strings.Replace(string(own), "a chair", "a chair of mine", 1),
		"with a rating":      strings.Replace(string(own), ` vlocal:digest`, ` xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="5" vlocal:digest`, 1),
		"our mark at an end": digestBegin,
		"cut short":          string(own[:len(own)/2]),
	} {
		path := filepath.Join(dir, name+".xmp")
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Write(path, Sidecar{Caption: "a table"}); !errors.Is(err, ErrForeign) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
		if got, _ := os.ReadFile(path); string(got) != data {
			t.Errorf("%s was written to: %s", name, got)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 7 {
		t.Errorf("left behind: %v", entries)
	}
}

func TestWhatIsNoPlainFileIsForeign(t *testing.T) {
	dir := t.TempDir()
	ours, link := filepath.Join(dir, "ours.xmp"), filepath.Join(dir, "link.xmp")
	if _, err := Write(ours, Sidecar{Caption: "a chair"}); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "folder.xmp"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Write(filepath.Join(dir, "folder.xmp"), Sidecar{Caption: "x"}); !errors.Is(err, ErrForeign) {
		t.Errorf("a folder: %v", err)
	}
	if err := os.Symlink(ours, link); err != nil {
		t.Skip("no links here:", err)
	}
	if _, err := Write(link, Sidecar{Caption: "a table"}); !errors.Is(err, ErrForeign) {
		t.Errorf("a link: %v", err)
	}
	if got := said(t, ours).Caption; got != "a chair" {
		t.Errorf("behind the link there is %q", got)
	}
}

func TestKeywordsAreShortAndOnce(t *testing.T) {
	got := Keywords([]string{" a\n dent ", "a dent", "", "\t", strings.Repeat("写", 70), "rust"})
	if diff := cmp.Diff([]string{"a dent", strings.Repeat("写", 64), "rust"}, got); diff != "" {
		t.Error(diff)
	}
}
