package preprocess_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	stdjpeg "image/jpeg"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vlocal/internal/testimage"
	"vlocal/preprocess"
	"vlocal/preprocess/jpeg"
)

// secret stands in all the metadata that the tests add.
const secret = "SECRET"

// everything gives a JPEG all the metadata that there is, and what else people's
// files have that is not the picture.
func everything(t *testing.T, data []byte) []byte {
	t.Helper()
	thumbnail := testimage.JPEG(testimage.Landscape(60, 40), 60)
	for _, s := range []struct {
		marker byte
		body   string
	}{
		{0xe0, "JFIF\x00\x01\x02\x01\x00\x48\x00\x48\x02\x01" + secret}, // a thumbnail of 2 x 1
		{0xe0, "JFXX\x00\x10" + string(thumbnail)},
		{0xe1, "http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta>" + secret + "</x:xmpmeta>"},
		{0xe1, "http://ns.adobe.com/xmp/extension/\x00" + strings.Repeat(secret, 9000)},
		{0xe2, "MPF\x00II*\x00\x08\x00\x00\x00" + secret},
		{0xe2, "FPXR\x00" + secret},
		{0xe4, secret}, {0xe5, secret}, {0xe7, secret}, {0xeb, "JP\x00" + secret}, {0xec, "Ducky" + secret},
		{0xed, "Photoshop 3.0\x008BIM\x04\x04" + secret},
		{0xee, "Adobe\x00\x64\x00\x00\x00\x00\x01"},
		{0xef, secret}, {0xfe, secret + " comment"},
	} {
		data = testimage.WithSegment(data, s.marker, []byte(s.body))
	}
	data = testimage.WithEXIF(data, testimage.EXIF{Orientation: 1, TakenAt: "2024:05:01 12:33:00", GPS: true})
	if len(data) == 0 {
		t.Fatal("the metadata is too long for a segment")
	}
	tables := bytes.LastIndex(data, []byte{0xff, 0xdb})
	data = slices.Concat(data[:tables], bytes.Repeat([]byte{0xff}, 9), data[tables:])
	// A second picture, as phones add for depth, and a film, for a second before.
	return slices.Concat(data, testimage.WithSegment(thumbnail, 0xfe, []byte(secret)),
		[]byte("\x00\x00\x00\x18ftypmp42"+secret))
}

// withoutMetadata fails the test if a JPEG holds anything but its picture.
func withoutMetadata(t *testing.T, name string, data []byte) {
	t.Helper()
	for _, word := range []string{
		secret, "Exif", "2024:05:01", "II*", "MM\x00*", "ICC_PROFILE", "http", "xmp", "JFIF", "JFXX", "MPF",
		"Photoshop", "8BIM", "Adobe", "ftyp",
	} {
		if bytes.Contains(data, []byte(word)) {
			t.Errorf("%s: the JPEG holds %q", name, word)
		}
	}
	starts := 0
	for i := 0; i+1 < len(data); i++ {
		if data[i] != 0xff || data[i+1] == 0 {
			continue
		}
		switch m := data[i+1]; {
		case m == 0xd8:
			starts++
		case m >= 0xe0, m == 0x01:
			t.Errorf("%s: the JPEG has the marker %#x", name, m)
		}
	}
	if starts != 1 || !bytes.HasSuffix(data, []byte{0xff, 0xd9}) {
		t.Errorf("%s: %d pictures begin in the JPEG, which ends with %x", name, starts, data[len(data)-2:])
	}
}

// with runs a program of libjpeg on a JPEG.
func with(t *testing.T, data []byte, program string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Stdin = bytes.NewReader(data)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(program, err)
	}
	return out
}

// inYCbCr gives a scene with its colours sampled in one of the ways of JPEG.
func inYCbCr(t *testing.T, ratio image.YCbCrSubsampleRatio) []byte {
	t.Helper()
	whole, err := stdjpeg.Decode(bytes.NewReader(testimage.JPEG(testimage.StillLife(200, 150), 95)))
	if err != nil {
		t.Fatal(err)
	}
	img := image.NewYCbCr(whole.Bounds(), ratio)
	for y := range 150 {
		for x := range 200 {
			c := whole.(*image.YCbCr).YCbCrAt(x, y)
			img.Y[img.YOffset(x, y)], img.Cb[img.COffset(x, y)], img.Cr[img.COffset(x, y)] = c.Y, c.Cb, c.Cr
		}
	}
	data, err := jpeg.Encode(nil, img, 80)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// small are photos that need nothing done to them.
func small(t *testing.T) map[string][]byte {
	t.Helper()
	scene := testimage.StillLife(200, 150)
	all := map[string][]byte{
		"of less quality":  testimage.JPEG(scene, 60),
		"almost as good":   testimage.JPEG(scene, 83),
		"grey":             testimage.JPEG(testimage.Gray(scene), 80),
		"4:4:4":            inYCbCr(t, image.YCbCrSubsampleRatio444),
		"4:2:2":            inYCbCr(t, image.YCbCrSubsampleRatio422),
		"as large as fits": testimage.JPEG(testimage.Landscape(1920, 1080), 70),
	}
	if _, err := exec.LookPath("jpegtran"); err == nil {
		all["progressive"] = with(t, all["of less quality"], "jpegtran", "-progressive")
		all["of optimal codes"] = with(t, testimage.JPEG(scene, 85), "jpegtran", "-optimize")
	} else {
		t.Log("without jpegtran no progressive pictures are made here; preprocess/jpeg makes its own")
	}
	return all
}

func TestSmallPlainPhotosAreSentAsTheyAreWithoutTheirMetadata(t *testing.T) {
	for name, data := range small(t) {
		full := everything(t, data)
		made, _ := prepare(t, preprocess.Options{MaxWidth: 100}, full)
		withoutMetadata(t, name+", smaller", made.JPEG)
		p, got := prepare(t, preprocess.Options{}, full)
		withoutMetadata(t, name, p.JPEG)
		want, err := stdjpeg.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if !sameSamples(got, want) {
			t.Errorf("%s: it is another picture", name)
		}
		if len(p.JPEG) > len(data) {
			t.Errorf("%s: %d bytes are sent of a photo of %d", name, len(p.JPEG), len(data))
		}
		if p.Source.Warning != "" || p.Source.TakenAt == "" {
			t.Errorf("%s: facts are lost: %+v", name, p.Source)
		}
	}
}

// sameSamples compares planes, which the colours of pixels can hide.
func sameSamples(a, b image.Image) bool {
	switch a := a.(type) {
	case *image.YCbCr:
		b, ok := b.(*image.YCbCr)
		return ok && a.SubsampleRatio == b.SubsampleRatio && bytes.Equal(a.Y, b.Y) && bytes.Equal(a.Cb, b.Cb) && bytes.Equal(a.Cr, b.Cr)
	case *image.Gray:
		b, ok := b.(*image.Gray)
		return ok && bytes.Equal(a.Pix, b.Pix)
	}
	return false
}

// encodedAgain reports whether what is sent of a JPEG has other tables than it had:
// those that encoding at a quality of 85 gives.
func encodedAgain(t *testing.T, o preprocess.Options, data []byte) bool {
	t.Helper()
	p, _ := prepare(t, o, data)
	withoutMetadata(t, "encoded again or not", p.JPEG)
	at85 := testimage.JPEG(testimage.Gray(testimage.StillLife(8, 8)), 85)
	steps := at85[bytes.Index(at85, []byte{0xff, 0xdb})+5:][:64]
	return bytes.Contains(p.JPEG, steps)
}

func TestWhatIsNotPlainIsEncodedAgain(t *testing.T) {
	scene := testimage.StillLife(200, 150)
	plain := testimage.JPEG(scene, 80)
	adobe, other := exifColour(0xffff, "R03"), exifColour(0xffff, "R98")
	damaged := slices.Clone(plain)
	damaged[len(damaged)-300], damaged[len(damaged)-299] = 0xff, 0xd9
	for _, c := range []struct {
		name string
		data []byte
		o    preprocess.Options
		want bool
	}{
		{"plain", plain, preprocess.Options{}, false},
		{"orientation 1", testimage.WithEXIF(plain, testimage.EXIF{Orientation: 1}), preprocess.Options{}, false},
		{"orientation 3", testimage.WithEXIF(plain, testimage.EXIF{Orientation: 3}), preprocess.Options{}, true},
		{"orientation 6", testimage.WithEXIF(plain, testimage.EXIF{Orientation: 6}), preprocess.Options{}, true},
		{"too wide", plain, preprocess.Options{MaxWidth: 199}, true},
		{"too high", plain, preprocess.Options{MaxHeight: 149}, true},
		{"just fits", plain, preprocess.Options{MaxWidth: 200, MaxHeight: 150}, false},
		{"of a higher quality", testimage.JPEG(scene, 86), preprocess.Options{}, true},
		{"cut short", plain[:len(plain)-200], preprocess.Options{}, true},
		{"damaged", damaged, preprocess.Options{}, true},
		{"in Adobe RGB by EXIF", testimage.WithSegment(plain, 0xe1, adobe), preprocess.Options{}, true},
		{"in Adobe RGB by Nikon's EXIF", testimage.WithSegment(plain, 0xe1, exifColour(2, "R98")), preprocess.Options{}, true},
		{"uncalibrated", testimage.WithSegment(plain, 0xe1, other), preprocess.Options{}, false},
		{"in sRGB by EXIF", testimage.WithSegment(plain, 0xe1, exifColour(1, "R98")), preprocess.Options{}, false},
		{"with a profile of Adobe RGB", testimage.WithProfile(plain, testimage.RGBProfile(testimage.AdobeRGB)), preprocess.Options{}, true},
		{"with a profile of sRGB", testimage.WithProfile(plain, testimage.RGBProfile(testimage.SRGB)), preprocess.Options{}, false},
		{"with a profile that cannot be read", testimage.WithSegment(plain, 0xe2, []byte("ICC_PROFILE\x00\x01\x01"+secret)), preprocess.Options{}, false},
	} {
		if got := encodedAgain(t, c.o, c.data); got != c.want {
			t.Errorf("%s: it is encoded again: %v, want %v", c.name, got, c.want)
		}
	}
}

// The quality is what counts, even where better codes make a file of a higher one
// smaller: a task's pictures are of one quality at the most.
func TestAHigherQualityIsEncodedAgainThoughItIsSmaller(t *testing.T) {
	if _, err := exec.LookPath("jpegtran"); err != nil {
		t.Skip("there is no jpegtran here to make a JPEG smaller with")
	}
	scene := testimage.StillLife(200, 150)
	better := with(t, testimage.JPEG(scene, 86), "jpegtran", "-optimize", "-progressive")
	p, _ := prepare(t, preprocess.Options{}, better)
	if len(better) >= len(p.JPEG) {
		t.Fatalf("%d bytes became %d: this proves nothing", len(better), len(p.JPEG))
	}
	if !encodedAgain(t, preprocess.Options{}, better) {
		t.Error("it is sent as it is")
	}
}

// exifColour is an EXIF segment with a colour space and an interoperability index
// (Exif 2.32, 4.6.5 and 4.6.7).
func exifColour(space uint16, index string) []byte {
	le := binary.LittleEndian
	entry := func(b []byte, tag, kind uint16, n, value uint32) []byte {
		b = le.AppendUint16(le.AppendUint16(b, tag), kind)
		return le.AppendUint32(le.AppendUint32(b, n), value)
	}
	b := []byte("II*\x00\x08\x00\x00\x00\x01\x00")
	b = append(entry(b, 0x8769, 4, 1, 26), 0, 0, 0, 0, 2, 0)
	b = entry(b, 0xa001, 3, 1, uint32(space))
	b = append(entry(b, 0xa005, 4, 1, 56), 0, 0, 0, 0, 1, 0)
	b = append(entry(b, 1, 2, 4, le.Uint32([]byte(index+"\x00"))), 0, 0, 0, 0)
	return append([]byte("Exif\x00\x00"), b...)
}

// A restart marker behind every block makes a photo larger than it need be.
func TestAPhotoThatEncodingMakesSmallerIsEncodedAgain(t *testing.T) {
	if _, err := exec.LookPath("cjpeg"); err != nil {
		t.Skip("there is no cjpeg here to write restart markers with")
	}
	scene := testimage.StillLife(200, 150)
	ppm := fmt.Appendf(nil, "P6 200 150 255\n")
	for i := 0; i < len(scene.Pix); i += 4 {
		ppm = append(ppm, scene.Pix[i:i+3]...)
	}
	for _, c := range []struct {
		quality, restart string
		want             bool
	}{{"75", "0", false}, {"75", "1", false}, {"84", "1B", true}} {
		data := with(t, ppm, "cjpeg", "-quality", c.quality, "-restart", c.restart)
		if got := encodedAgain(t, preprocess.Options{}, everything(t, data)); got != c.want {
			t.Errorf("-quality %s -restart %s: it is encoded again: %v, want %v", c.quality, c.restart, got, c.want)
		}
	}
}

func TestRealPhotosAreSentWithoutTheirMetadata(t *testing.T) {
	sent := 0
	for _, row := range manifest(t) {
		data, err := os.ReadFile(filepath.Join(photos, filepath.FromSlash(row["file"])))
		if err != nil {
			t.Fatal(err)
		}
		if format, _ := preprocess.Sniff(data); format != "jpeg" {
			continue // they are made anew
		}
		p, err := preprocess.Options{}.Bytes(t.Context(), data)
		if err != nil {
			continue
		}
		withoutMetadata(t, row["file"], p.JPEG)
		if size, err := stdjpeg.DecodeConfig(bytes.NewReader(data)); err != nil || size.Width != p.Width {
			continue
		}
		if whole, err := stdjpeg.Decode(bytes.NewReader(data)); err == nil {
			got, err := stdjpeg.Decode(bytes.NewReader(p.JPEG))
			if err != nil {
				t.Fatal(row["file"], err)
			}
			if sameSamples(got, whole) {
				sent++
			}
		}
	}
	if sent < 3 {
		t.Errorf("only %d photos are sent as they are", sent)
	}
}
