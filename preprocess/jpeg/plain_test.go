package jpeg_test

import (
	"bytes"
	"fmt"
	stdjpeg "image/jpeg"
	"slices"
	"strings"
	"testing"

	"vlocal/internal/testimage"
	"vlocal/preprocess/jpeg"
)

// plain gives what is left of a file, nil where it is not plain.
func plain(t testing.TB, data []byte, quality int) []byte {
	t.Helper()
	p, _, err := jpeg.Decode(data, jpeg.Options{Tolerant: true})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Release()
	out, ok := p.Plain([]byte("before"), quality)
	if !bytes.HasPrefix(out, []byte("before")) || ok == (len(out) == 6) {
		t.Fatalf("ok is %v, and there are %d bytes", ok, len(out))
	}
	if !ok {
		return nil
	}
	return out[6:]
}

// markers lists what a JPEG has, scans included.
func markers(data []byte) (all []byte) {
	for i := 0; i+1 < len(data); i++ {
		if data[i] == 0xff && data[i+1] != 0 {
			all = append(all, data[i+1])
		}
	}
	return all
}

func TestPlainPicturesDecodeToTheSameSamples(t *testing.T) {
	ordinary, read := 0, 0
	for name, p := range kinds() {
		data := p.file()
		out := plain(t, data, 100)
		if out == nil {
			continue
		}
		ordinary++
		want, _, err := jpeg.Decode(data, jpeg.Options{})
		if err != nil {
			t.Fatal(err)
		}
		got, report, err := jpeg.Decode(out, jpeg.Options{})
		if err != nil || report.Warnings != nil {
			t.Fatal(name, err, report)
		}
		if !bytes.Equal(visible(got), visible(want)) || got.Model != want.Model {
			t.Errorf("%s: it became another picture", name)
		}
		if a, err := stdjpeg.Decode(bytes.NewReader(data)); err == nil {
			b, err := stdjpeg.Decode(bytes.NewReader(out))
			if err != nil {
				t.Fatal(name, err)
			}
			if _, worst := apart(a, b); worst != 0 {
				t.Errorf("%s: the standard library sees another picture", name)
			}
			read++
		}
		for _, m := range markers(out) {
			if m >= 0xe0 {
				t.Errorf("%s: the marker %#x is left", name, m)
			}
		}
	}
	if ordinary < 20 || read < 10 {
		t.Errorf("%d kinds are plain, and %d of them read by the standard library", ordinary, read)
	}
}

func TestOnlyWhatEveryDecoderReadsAlikeIsPlain(t *testing.T) {
	all := kinds()
	for name, want := range map[string]bool{
		"grey": true, "grey, progressive": true, "one pixel": true, "components apart": true,
		"progressive, restarts": true, "sampled [22 11 11]": true, "sampled [41 11 11]": true,
		"RGB by Adobe": false, "RGB by names": false, "CMYK": false, "YCCK": false,
		"sampled [31 11 11]": false, "sampled [22 21 11]": false,
	} {
		if got := plain(t, all[name].file(), 100) != nil; got != want {
			t.Errorf("%s: plain is %v", name, got)
		}
	}
	named := func(names, head string) []byte {
		p := &picture{w: 30, h: 20, sampling: sampling(22, 11, 11), names: names, head: head}
		return p.fill(1).file()
	}
	// These are YCbCr by their segments only, and would be another picture
	// without them.
	for _, names := range []string{"RGB", "\x00\x01\x02", "YCc"} {
		if plain(t, named(names, jfif), 100) != nil {
			t.Errorf("components called %q are plain", names)
		}
	}
	if plain(t, named("\x01\x02\x03", adobeYCC), 100) == nil {
		t.Error("what Adobe's segment calls YCbCr, and the names too, is not plain")
	}
}

// dressed puts a lot between the segments of a file that nobody needs.
func dressed(t *testing.T, data []byte) []byte {
	t.Helper()
	var out []byte
	add := func(marker byte, body string) { out = segment(out, marker, []byte("SECRET"+body)) }
	for i := 0; i < len(data); {
		if i == 0 || data[i] != 0xff || data[i+1] == 0 {
			out = append(out, data[i])
			i++
			continue
		}
		m := data[i+1]
		if m != 0xd8 && (m < 0xd0 || m > 0xd7) {
			for app := range byte(16) {
				add(0xe0+app, "")
			}
			add(0xfe, strings.Repeat("comment", 100))
		}
		out = append(out, 0xff, 0xff, 0xff, 0xff, m)
		i += 2
		if m != 0xd8 && m != 0xd9 && (m < 0xd0 || m > 0xd7) {
			n := int(data[i])<<8 + int(data[i+1])
			out = append(out, data[i:i+n]...)
			i += n
		}
	}
	thumbnail := testimage.JPEG(testimage.Landscape(20, 20), 50)
	return slices.Concat(out, thumbnail, []byte("SECRET film"))
}

func TestNothingButThePictureIsLeft(t *testing.T) {
	for _, name := range []string{"grey", "progressive, restarts", "progressive, slow", "sampled [22 11 11]", "components apart"} {
		data := kinds()[name].file()
		full := dressed(t, data)
		if len(full) < len(data)+1000 {
			t.Fatal("the test put nothing in")
		}
		// The file has nothing to lose itself, so it comes back as it was.
		if out := plain(t, full, 100); !bytes.Equal(out, data) {
			t.Errorf("%s: %d bytes are left, want the %d of the picture", name, len(out), len(data))
		}
	}
}

func TestAPictureWithoutAnEndGetsOne(t *testing.T) {
	data := kinds()["sampled [22 11 11]"].file()
	if out := plain(t, data[:len(data)-2], 100); !bytes.Equal(out, data) {
		t.Errorf("%d bytes, want %d", len(out), len(data))
	}
}

func TestPlainIsAtMostOfTheQuality(t *testing.T) {
	for _, made := range []int{1, 20, 50, 75, 84, 85, 86, 99, 100} {
		for _, data := range [][]byte{
			testimage.JPEG(testimage.StillLife(40, 30), made),
			testimage.JPEG(testimage.Gray(testimage.StillLife(40, 30)), made),
		} {
			for _, target := range []int{1, 50, 84, 85, 86, 100} {
				// From 100 down to 99 the steps do differ.
				if got := plain(t, data, target) != nil; got != (made <= target) {
					t.Errorf("made at %d, for %d: plain is %v", made, target, got)
				}
			}
		}
	}
}

func TestOneFinerStepIsOfAHigherQuality(t *testing.T) {
	data := testimage.JPEG(testimage.StillLife(40, 30), 80)
	for _, table := range []int{0, 1} {
		for _, k := range []int{0, 5, 63} {
			i := bytes.Index(data, []byte{0xff, 0xdb})
			finer := slices.Clone(data)
			finer[i+4+65*table+1+k]--
			if plain(t, data, 80) == nil || plain(t, finer, 80) != nil {
				t.Errorf("step %d of table %d counts for nothing", k, table)
			}
		}
	}
}

func TestWhatNeedsIndulgenceIsNotPlain(t *testing.T) {
	whole := (&picture{w: 61, h: 43, sampling: sampling(22, 11, 11), restart: 2}).fill(3)
	good := whole.file()
	if plain(t, good, 100) == nil {
		t.Fatal("the sound one is not plain")
	}
	cutTo := func(share float64) []byte { return good[:int(float64(len(good))*share)] }
	flipped := slices.Clone(good)
	at := restartAt(good, 3)
	flipped[at+1] = 0xd0 // the number of another
	missing := testimage.JPEG(testimage.StillLife(40, 30), 80)
	for {
		i := bytes.Index(missing, []byte{0xff, 0xc4})
		if i < 0 {
			break
		}
		missing = slices.Delete(missing, i, i+2+int(missing[i+2])<<8+int(missing[i+3]))
	}
	nonsense := slices.Clone(good)
	sos := bytes.Index(good, []byte{0xff, 0xda})
	nonsense[sos+2+int(good[sos+3])-2] = 0 // the last coefficient of the scan
	dri := bytes.Index(good, []byte{0xff, 0xdd})
	hiding := slices.Concat(good[:dri], []byte("\xff\xdd\x00\x0a\x00\x05SECRET"), good[dri+6:])
	flood := slices.Concat(good[:2], bytes.Repeat([]byte{0xff, 0xdb, 0, 2}, 2000), good[2:])
	for name, data := range map[string][]byte{
		"cut short": cutTo(0.7), "a restart marker of another number": flipped,
		"without Huffman tables": missing, "a sequential scan of a part of the coefficients": nonsense,
		"a restart interval with more behind it": hiding, "nothing but segments": flood,
	} {
		if plain(t, data, 100) != nil {
			t.Errorf("%s: it is plain", name)
		}
	}
	small, _, err := jpeg.Decode(good, jpeg.Options{MinWidth: 30, MinHeight: 21})
	if err != nil || small.Reduction != 2 {
		t.Fatal(err, small.Reduction)
	}
	if _, ok := small.Plain(nil, 100); ok {
		t.Error("a picture that was decoded at half its size is plain")
	}
}

func TestRealPhotosDecodeToTheSameSamplesWhenPlain(t *testing.T) {
	found := 0
	for _, path := range realPhotos(t) {
		data := read(t, path)
		p, report, err := jpeg.Decode(data, jpeg.Options{Tolerant: true})
		if err != nil {
			continue
		}
		out, ok := p.Plain(nil, 100)
		if ok != (len(report.Warnings) == 0 && p.Model <= jpeg.YCbCr) {
			t.Errorf("%s: plain is %v, model %v, %v", path, ok, p.Model, report)
		}
		if !ok {
			continue
		}
		found++
		again, report, err := jpeg.Decode(out, jpeg.Options{})
		if err != nil || report.Warnings != nil || !bytes.Equal(visible(again), visible(p)) {
			t.Errorf("%s became another picture: %v, %v", path, err, report)
		}
		again.Release()
		p.Release()
	}
	t.Log(fmt.Sprint(found, " of them are plain"))
}
