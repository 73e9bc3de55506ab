package preprocess_test

import (
	"encoding/csv"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"vlocal/domain"
	"vlocal/preprocess"
)

// photos is a collection of real photos beside the repository.
const photos = "../../shared/photos"

// manifest gives the rows of the collection's table, by column name.
func manifest(t *testing.T) []map[string]string {
	t.Helper()
	f, err := os.Open(filepath.Join(photos, "manifest.csv"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the real photos are not here: no " + photos)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	table, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	for _, line := range table[1:] {
		row := map[string]string{}
		for i, name := range table[0] {
			row[name] = line[i]
		}
		rows = append(rows, row)
	}
	return rows
}

func TestRealPhotosEndAsTheirManifestSays(t *testing.T) {
	for _, row := range manifest(t) {
		t.Run(row["file"], func(t *testing.T) {
			allowed := strings.Split(row["expect"], "|")
			path := filepath.Join(photos, filepath.FromSlash(row["file"]))
			p, err := preprocess.Options{}.File(t.Context(), path)
			outcome := "ok"
			if err != nil {
				outcome = string(domain.KindOf(err))
			}
			if !slices.Contains(allowed, outcome) {
				t.Fatalf("it ended %q (%v), want one of %q", outcome, err, allowed)
			}
			if err != nil {
				return
			}
			w, _ := strconv.Atoi(row["stored_width"])
			h, _ := strconv.Atoi(row["stored_height"])
			if o, _ := strconv.Atoi(row["exif_orientation"]); o >= 5 {
				w, h = h, w
			}
			if damaged := strings.Contains(row["note"], "amaged") || row["file"] == "broken/cut short.jpg"; damaged != (p.Source.Warning != "") {
				t.Errorf("its warning is %q", p.Source.Warning)
			}
			if p.Source.Width != w || p.Source.Height != h {
				t.Errorf("it is %d x %d, want %d x %d", p.Source.Width, p.Source.Height, w, h)
			}
		})
	}
}

func TestRealOrientationsShowTheSamePicture(t *testing.T) {
	manifest(t) // skips where there are none
	for _, series := range []string{"landscape", "portrait"} {
		name := func(o int) string {
			return filepath.Join(photos, "orientation", series+"_"+strconv.Itoa(o)+".jpg")
		}
		read := func(o int) []byte {
			data, err := os.ReadFile(name(o))
			if err != nil {
				t.Fatal(err)
			}
			return data
		}
		small := preprocess.Options{MaxWidth: 100, MaxHeight: 100}
		_, want := prepare(t, small, read(1))
		for o := 2; o <= 8; o++ {
			// The number of each is drawn into it, and the first is lighter than
			// the others; mirrored or turned it would be 40 levels away.
			if _, img := prepare(t, small, read(o)); apart(img, want) > 18 {
				t.Errorf("%s is %.1f levels from orientation 1", name(o), apart(img, want))
			}
		}
	}
}
