package main

import (
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vlocal/internal/testimage"
)

// pair makes two pictures that are larger than the box, the second on its side.
func pair(t *testing.T) (files []string) {
	t.Helper()
	data := testimage.JPEG(testimage.Landscape(2100, 1400), 80)
	for name, orientation := range map[string]int{"upright": 1, "aside": 6} {
		path := filepath.Join(t.TempDir(), name+".jpg")
		if err := os.WriteFile(path, testimage.WithEXIF(data, testimage.EXIF{Orientation: orientation}), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, path)
	}
	return files
}

// TestEveryWayMakesTheSamePictures is of all programs that are installed here.
func TestEveryWayMakesTheSamePictures(t *testing.T) {
	files := pair(t)
	ways, missing := findWays(t.Context())
	t.Log("without", missing)
	for _, w := range ways {
		out := t.TempDir()
		u, err := w.measure(t.Context(), files, out)
		if err != nil {
			t.Errorf("%s on %d cores: %v", w.label(), w.cores, err)
			continue
		}
		if u.wall <= 0 || u.cpu < time.Millisecond || u.peak < 1<<20 {
			t.Errorf("%s on %d cores: %+v", w.label(), w.cores, u)
		}
		for name, want := range map[string][2]int{"upright.jpg": {1620, 1080}, "aside.jpg": {720, 1080}} {
			f, err := os.Open(filepath.Join(out, name))
			if err != nil {
				t.Error(w.label(), err)
				continue
			}
			got, err := jpeg.DecodeConfig(f)
			if f.Close() != nil || err != nil || got.Width != want[0] || got.Height != want[1] {
				t.Errorf("%s: %s is %d x %d, want %v: %v", w.label(), name, got.Width, got.Height, want, err)
			}
		}
	}
}

func TestProgramsThatAreNotThereAreNamed(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	ways, missing := findWays(t.Context())
	if !strings.Contains(strings.Join(missing, "\n"), "vipsthumbnail: it is not installed") {
		t.Errorf("missing are %q", missing)
	}
	for _, w := range ways {
		if w.id == vipsthumbnail {
			t.Error("vipsthumbnail is measured all the same")
		}
	}
}

func TestWorkIsSharedOutToAProcessForEachCore(t *testing.T) {
	files := []string{"a", "b", "c"}
	for _, c := range []struct {
		way    way
		want   string
		atOnce bool
	}{
		{way{program: program{threads: true}, cores: 2}, "a+b+c", true},
		{way{cores: 2}, "a+c b", true},
		{way{cores: 1}, "a+b+c", true},
		{way{cores: 1, each: true}, "a b c", false},
	} {
		var got []string
		jobs, atOnce := c.way.jobs(files, "")
		for _, j := range jobs {
			got = append(got, strings.Join(j.Files, "+"))
		}
		if strings.Join(got, " ") != c.want || atOnce != c.atOnce {
			t.Errorf("%+v: %v, %t", c.way, got, atOnce)
		}
	}
}

func TestTableOfImagesComparesWithinASetting(t *testing.T) {
	ours, theirs := program{id: "vlocal", name: "vlocal"}, program{id: vipsthumbnail, name: "vips"}
	ways := []way{{program: ours, cores: 1}, {program: theirs, cores: 1}, {program: ours, cores: 2}}
	second := func(wall, cpu float64, mb int64) []usage {
		u := usage{time.Duration(wall * 1e9), time.Duration(cpu * 1e9), mb << 20}
		return []usage{{u.wall * 9, u.cpu * 2, 1 << 20}, u, {u.wall / 9, u.cpu * 3, 0}}
	}
	got := imagesTable(ways, [][]usage{second(1, 0.5, 30), second(2, 1.5, 60), second(0.5, 0.5, 40)}, 10).String()
	want := strings.Join([]string{
		"| 1 | vlocal | 10.0 | 50.0 ms | 30 MB | 2.00 | 3.00 | - |",
		"| 1 | vips | 5.0 | 150.0 ms | 60 MB | 1.00 | 1.00 | - |",
		"| 2 | vlocal | 20.0 | 50.0 ms | 40 MB | - | - | 2.00 |",
	}, "\n")
	if !strings.HasSuffix(got, want) {
		t.Errorf("%s", got)
	}
}

func TestPhotosAreCopiedUntilThereAreEnough(t *testing.T) {
	d := drawing{Photos: filepath.Join(t.TempDir(), "none"), Dir: t.TempDir(), Pictures: 5}
	s, err := d.set("two", []byte("a"), []byte("b"))
	if err != nil || len(s.Files) != 6 {
		t.Errorf("%+v, %v", s, err)
	}
	if all, err := d.photos(); err != nil || len(all) != 0 {
		t.Errorf("%d photos, %v", len(all), err)
	}
}
