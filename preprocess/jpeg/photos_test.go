package jpeg_test

import (
	"bytes"
	"fmt"
	stdjpeg "image/jpeg"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"vlocal/internal/testimage"
	"vlocal/preprocess/jpeg"
)

// photos is a collection of real photos beside the repository.
const photos = "../../../shared/photos"

// testPhoto is a made up photo, 4:2:0.
func testPhoto(w, h int) []byte { return testimage.JPEG(testimage.StillLife(w, h), 92) }

func realPhotos(t testing.TB) []string {
	files, err := filepath.Glob(filepath.Join(photos, "*", "*.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("the real photos are not here: no " + photos)
	}
	return files
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestRealPhotosAgreeWithTheStandardLibrary(t *testing.T) {
	for _, path := range realPhotos(t) {
		data := read(t, path)
		want, err := stdjpeg.Decode(bytes.NewReader(data))
		if err != nil {
			continue
		}
		got, report, err := jpeg.Decode(data, jpeg.Options{})
		if err != nil || report.Warnings != nil {
			t.Errorf("%s: %v %v", path, err, report)
			continue
		}
		if want.Bounds().Dx() > 1000 {
			continue // comparing would take long, and shows nothing new
		}
		if mean, worst := apart(got.Image(), want); worst > 1 {
			t.Errorf("%s: %.3f levels away, %d at worst", path, mean, worst)
		}
	}
}

func TestRealDamagedPhotosAreShown(t *testing.T) {
	realPhotos(t)
	for name, want := range map[string][2]float64{
		"odd/corrupted.jpg": {0.98, 0.999}, "broken/cut short.jpg": {0.3, 0.32},
	} {
		data := read(t, filepath.Join(photos, name))
		for _, w := range []int{0, 400, 100} {
			o := jpeg.Options{Tolerant: true, MinWidth: w}
			_, report, err := jpeg.Decode(data, o)
			if err != nil || len(report.Warnings) == 0 || report.Sound < want[0] || report.Sound > want[1] {
				t.Errorf("%s at %d: %v %+v", name, w, err, report)
			}
		}
	}
}

// TestAgreesWithDjpeg compares with libjpeg where its djpeg is installed: whole
// pictures sample by sample, damaged ones too; reduced ones, which libjpeg-turbo
// makes in another way, by their likeness.
func TestAgreesWithDjpeg(t *testing.T) {
	djpeg, err := exec.LookPath("djpeg")
	if err != nil {
		t.Skip("libjpeg's djpeg is not installed; it is no part of Go: ", err)
	}
	files := realPhotos(t)
	for name, p := range kinds() {
		if len(p.sampling) < 4 && p.names == "" && p.head != adobeNone {
			path := filepath.Join(t.TempDir(), "a.jpg")
			if err := os.WriteFile(path, p.file(), 0o600); err != nil {
				t.Fatal(name, err)
			}
			files = append(files, path)
		}
	}
	for _, path := range files {
		data := read(t, path)
		for _, r := range []int{1, 2, 4, 8} {
			var w, h, most int
			// Its exit status says that it warned.
			out, _ := exec.Command(djpeg, "-grayscale", "-dct", "int", "-scale", fmt.Sprint("1/", r), path).Output()
			if _, err := fmt.Sscanf(string(out[:min(len(out), 30)]), "P5\n%d %d\n%d", &w, &h, &most); err != nil {
				continue
			}
			hd, err := jpeg.ReadHeader(data)
			if err != nil {
				t.Fatal(err)
			}
			o := jpeg.Options{Tolerant: true, MinWidth: w, MinHeight: h}
			if o.Reduction(hd) != r {
				continue // it is so small that a smaller one is as large
			}
			got, _, err := jpeg.Decode(data, o)
			if err != nil {
				t.Errorf("%s: %v", path, err)
				continue
			}
			y := got.Planes[0]
			if y.Width != w || y.Height != h {
				continue // Y is sampled less than the picture
			}
			least := 30.0 // dB
			if r == 1 {
				least = 55
			}
			if db := psnr(y, out[len(out)-w*h:]); db < least {
				t.Errorf("%s at 1/%d: %.1f dB", path, r, db)
			}
		}
	}
}

func psnr(p jpeg.Plane, want []byte) float64 {
	sum := 0.0
	for i, v := range want {
		d := float64(v) - float64(p.Pix[i/p.Width*p.Stride+i%p.Width])
		sum += d * d
	}
	return 10 * math.Log10(255*255*float64(len(want))/max(sum, 1))
}

func TestDecodingAllocatesNothingPerBlock(t *testing.T) {
	data := testPhoto(800, 600)
	if n := testing.AllocsPerRun(10, func() {
		p, _, err := jpeg.Decode(data, jpeg.Options{MinWidth: 400})
		if err != nil {
			t.Fatal(err)
		}
		p.Release()
	}); n > 40 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkDecode is of a photo of 12 megapixels: a real one, where it is there.
func BenchmarkDecode(b *testing.B) {
	data, err := os.ReadFile(filepath.Join(photos, "jpeg", "42_IndexError.jpg"))
	if err != nil {
		data = testPhoto(4032, 3024)
	}
	b.Run("image/jpeg", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := stdjpeg.Decode(bytes.NewReader(data)); err != nil {
				b.Fatal(err)
			}
		}
	})
	h, err := jpeg.ReadHeader(data)
	if err != nil {
		b.Fatal(err)
	}
	for _, r := range []int{1, 2, 4, 8} {
		o := jpeg.Options{MinWidth: h.Width / r}
		b.Run(fmt.Sprint("one in ", r), func(b *testing.B) {
			for b.Loop() {
				p, _, err := jpeg.Decode(data, o)
				if err != nil {
					b.Fatal(err)
				}
				p.Release()
			}
			b.ReportMetric(float64(jpeg.Memory(h, o))/1e6, "MB")
		})
	}
}
