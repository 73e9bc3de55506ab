package samples_test

import (
	"bytes"
	"image"
	"image/jpeg"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vlocal/internal/testimage"
	"vlocal/preprocess"
)

// files are the pictures in the folder, by their path with slashes.
func files(t *testing.T) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	dir := os.DirFS(".")
	err := fs.WalkDir(dir, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".go") {
			return err
		}
		out[path], err = fs.ReadFile(dir, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Bytes are not compared: another processor or another version of Go may write
// the same picture in others.
func TestFolderHoldsWhatGenerateMakes(t *testing.T) {
	there, made := files(t), testimage.Samples()
	names := func(m map[string][]byte) []string { return slices.Sorted(maps.Keys(m)) }
	if diff := cmp.Diff(names(made), names(there)); diff != "" {
		t.Fatalf("run go generate ./samples (-made +there):\n%s", diff)
	}
	size := 0
	for name, data := range there {
		size += len(data)
		want, wantImage := prepare(t, name, made[name])
		got, gotImage := prepare(t, name, data)
		want.Source.SHA256, want.JPEG = got.Source.SHA256, got.JPEG
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: run go generate ./samples (-made +there):\n%s", name, diff)
		}
		if d := apart(wantImage, gotImage); d > 2 {
			t.Errorf("%s shows another picture, %.1f levels away; run go generate ./samples", name, d)
		}
	}
	if size > 1_500_000 {
		t.Errorf("the samples have %d bytes, which makes every clone large", size)
	}
}

func prepare(t *testing.T, name string, data []byte) (preprocess.Picture, image.Image) {
	t.Helper()
	p, err := preprocess.Options{}.Bytes(t.Context(), data)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	img, err := jpeg.Decode(bytes.NewReader(p.JPEG))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return p, img
}

// apart is the mean distance of two pictures of one size, in levels of 0 to
// 255.
func apart(a, b image.Image) float64 {
	sum, r := 0, a.Bounds()
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			r1, g1, b1, _ := a.At(x, y).RGBA()
			r2, g2, b2, _ := b.At(x, y).RGBA()
			for _, d := range []int{int(r1) - int(r2), int(g1) - int(g2), int(b1) - int(b2)} {
				sum += max(d, -d) >> 8
			}
		}
	}
	return float64(sum) / float64(3*r.Dx()*r.Dy())
}
