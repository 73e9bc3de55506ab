package preprocess_test

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"vlocal/internal/ssim"
	"vlocal/internal/testimage"
	"vlocal/preprocess"
)

// leastAlike is what the mean SSIM of a picture with a reference has to be.
const leastAlike = 0.98

// TestRealPhotosAreAlikeToThoseOfVipsthumbnail compares what is sent with what
// libvips makes of the same file at the same size. libvips writes PNG, and vlocal
// JPEG of quality 100, so that it is the decoding, the turning and the resizing
// that are compared. The SSIM is that of the luma; see package ssim. With -v it
// tells each.
func TestRealPhotosAreAlikeToThoseOfVipsthumbnail(t *testing.T) {
	rows := manifest(t) // skips where there are none
	vips, err := exec.LookPath("vipsthumbnail")
	if err != nil {
		t.Skip("vipsthumbnail is not installed (Debian has it in libvips-tools): ", err)
	}
	compared := 0
	for _, row := range rows {
		if strings.HasPrefix(row["file"], "orientation/") && !strings.HasSuffix(row["file"], "_6.jpg") {
			continue // one of each series: the others show the same picture
		}
		path, err := filepath.Abs(filepath.Join(photos, filepath.FromSlash(row["file"])))
		if err != nil {
			t.Fatal(err)
		}
		for _, box := range []image.Point{{X: 1920, Y: 1080}, {X: 320, Y: 240}} {
			if row["expect"] != "ok" || box.X == 320 && strings.HasPrefix(row["file"], "heic/") {
				continue // of HEIC, libvips takes the thumbnail that lies in the file
			}
			t.Run(fmt.Sprintf("%s in %d x %d", row["file"], box.X, box.Y), func(t *testing.T) {
				compareWithVips(t, vips, path, box)
				compared++
			})
		}
	}
	if compared < 40 {
		t.Errorf("only %d pictures were compared", compared)
	}
}

func compareWithVips(t *testing.T, vips, path string, box image.Point) {
	p, err := preprocess.Options{MaxWidth: box.X, MaxHeight: box.Y, Quality: 100}.File(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "vips.png")
	// "!" takes the size as it is: where sides are rounded, libvips may differ by
	// a pixel.
	size := fmt.Sprintf("%dx%d!", p.Width, p.Height)
	args := []string{"--size", size, "-o", out + "[compression=1]", path}
	if data, err := os.ReadFile(path); err != nil {
		t.Fatal(err)
	} else if bytes.Contains(data, []byte("acsp")) { // the mark of an ICC profile
		// Not of others, where libvips moves colours that are those of sRGB already.
		args = append(args, "--export-profile", "srgb")
	}
	cmd := exec.CommandContext(t.Context(), vips, args...)
	if said, err := cmd.CombinedOutput(); err != nil {
		if p.Source.Warning != "" {
			t.Skip("it is damaged, and libvips does not show it")
		}
		t.Fatalf("libvips: %v: %s", err, said)
	}
	f, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	want, err := png.Decode(f)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	got, err := jpeg.Decode(bytes.NewReader(p.JPEG))
	if err != nil {
		t.Fatal(err)
	}
	alike, err := ssim.Mean(testimage.Gray(got), testimage.Gray(want))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d x %d: SSIM %.4f", p.Width, p.Height, alike)
	if alike < leastAlike {
		t.Errorf("SSIM %.4f, want at least %g", alike, leastAlike)
	}
}
