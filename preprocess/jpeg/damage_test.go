package jpeg_test

import (
	"bytes"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"

	"vlocal/preprocess/jpeg"
)

var tolerant = jpeg.Options{Tolerant: true}

// photoLike is 4:2:0 with restart markers after each 5 MCUs, of 10 in a row.
func photoLike(restart int) *picture {
	return (&picture{w: 160, h: 96, sampling: sampling(22, 11, 11), restart: restart}).fill(3)
}

func TestWhatIsCutShortIsShownAsFarAsItGoes(t *testing.T) {
	p := photoLike(0)
	data := p.file()
	cut := data[:len(data)*6/10]
	if _, _, err := jpeg.Decode(cut, jpeg.Options{}); !errors.Is(err, jpeg.ErrMalformed) {
		t.Errorf("without tolerance it gives %v", err)
	}
	got, report, err := jpeg.Decode(cut, tolerant)
	if err != nil || len(report.Warnings) != 1 || !strings.Contains(report.Warnings[0], "cut short") {
		t.Fatal(err, report)
	}
	if report.Sound < 0.4 || report.Sound > 0.7 {
		t.Errorf("%.2f of it is said to be sound", report.Sound)
	}
	want, stride, _ := p.want(0, 8)
	y := got.Planes[0]
	for row := range 30 {
		for x := range y.Width {
			if d := float64(y.Pix[row*y.Stride+x]) - want[row*stride+x]; d > 1 || d < -1 {
				t.Fatalf("row %d is %.1f levels away", row, d)
			}
		}
	}
	for c, plane := range got.Planes {
		last := plane.Pix[(plane.Height-1)*plane.Stride:][:plane.Width]
		if !bytes.Equal(last, bytes.Repeat([]byte{128}, plane.Width)) {
			t.Errorf("the last row of plane %d is not grey: %v", c, last[:8])
		}
	}
}

func TestDamageEndsAtTheNextRestartMarker(t *testing.T) {
	p := photoLike(5)
	data := p.file()
	third := restartAt(data, 3)
	for i := third + 2; i < third+12; i++ {
		data[i] = 0xfe // a code that no table has
	}
	got, report, err := jpeg.Decode(data, tolerant)
	if err != nil || len(report.Warnings) == 0 {
		t.Fatal(err, report)
	}
	if report.Sound < 1-1.0/12-0.001 || report.Sound >= 1 {
		t.Errorf("%.3f of it is said to be sound, which is 11 of 12 parts and a bit", report.Sound)
	}
	want, stride, _ := p.want(0, 8)
	y := got.Planes[0]
	for row := 48; row < y.Height; row++ {
		for x := range y.Width {
			if d := float64(y.Pix[row*y.Stride+x]) - want[row*stride+x]; d > 1 || d < -1 {
				t.Fatalf("row %d, behind the damage, is %.1f levels away", row, d)
			}
		}
	}
}

// restartAt gives where the n-th restart marker is, from 0 on.
func restartAt(data []byte, n int) int {
	for i := 0; i+1 < len(data); i++ {
		if data[i] == 0xff && data[i+1] >= 0xd0 && data[i+1] <= 0xd7 {
			if n--; n < 0 {
				return i
			}
		}
	}
	return -1
}

func TestALostPartLeavesTheOthersInTheirPlace(t *testing.T) {
	p := photoLike(5)
	data := p.file()
	a, b := restartAt(data, 3), restartAt(data, 4)
	got, report, err := jpeg.Decode(append(bytes.Clone(data[:a]), data[b:]...), tolerant)
	if err != nil || len(report.Warnings) == 0 || report.Sound > 0.93 || report.Sound < 0.91 {
		t.Fatal(err, report)
	}
	want, stride, _ := p.want(0, 8)
	y := got.Planes[0]
	at := 80*y.Stride + 20
	if d := float64(y.Pix[at]) - want[80*stride+20]; d > 1 || d < -1 {
		t.Errorf("the lower part is %.1f levels away", d)
	}
	if gap := y.Pix[40*y.Stride+10]; gap != 128 {
		t.Errorf("the gap is %d, not grey", gap)
	}
}

func TestAProgressivePictureThatIsCutShortLosesDetailOnly(t *testing.T) {
	data := kinds()["progressive, large"].file()
	_, report, err := jpeg.Decode(data[:len(data)*7/10], tolerant)
	if err != nil || len(report.Warnings) == 0 || report.Sound != 1 {
		t.Error(err, report)
	}
}

func TestEveryCutAndEveryFlipEndsWell(t *testing.T) {
	for name, p := range kinds() {
		if p.w > 100 {
			continue
		}
		data := p.file()
		for i := 0; i < len(data); i += 1 + len(data)/100 {
			o := jpeg.Options{Tolerant: i%2 == 0, MinWidth: p.w / (1 + i%8), MinHeight: 1}
			flipped := bytes.Clone(data)
			flipped[i] ^= byte(1 << (i % 8))
			for _, file := range [][]byte{data[:i], flipped} {
				got, report, err := jpeg.Decode(file, o)
				if (got == nil) == (err == nil) || report.Sound < 0 || report.Sound > 1 {
					t.Fatalf("%s, byte %d: %v %v", name, i, report, err)
				}
				if got != nil {
					got.Image()
				}
			}
		}
	}
}

func TestWhatLiesBetweenSegmentsIsPassed(t *testing.T) {
	p := photoLike(0)
	plain := p.file()
	sos := bytes.Index(plain, []byte("\xff\xda"))
	app := "\xff\xe1\x00\x08Exif\x00\x00" + "\xff\xe1\x00\x04\xff\xd8" + "\xff\xfe\x00\x03x"
	for name, file := range map[string][]byte{
		"fill bytes":          bytes.Replace(plain, []byte("\xff\xdb"), []byte("\xff\xff\xff\xff\xdb"), 1),
		"garbage":             append(append(bytes.Clone(plain[:sos]), 1, 2, 0xff, 0, 3), plain[sos:]...),
		"applications' data":  append([]byte("\xff\xd8"+app+app), plain[2:]...),
		"no end":              plain[:len(plain)-2],
		"more behind the end": append(bytes.Clone(plain), plain...),
		"zeros behind":        append(bytes.Clone(plain), make([]byte, 1000)...),
	} {
		got, report, err := jpeg.Decode(file, jpeg.Options{})
		if err != nil || report.Warnings != nil {
			t.Errorf("%s: %v %v", name, err, report)
			continue
		}
		comparePlane(t, p, 0, 8, got.Planes[0])
	}
}

func TestStandardTablesStandInForMissingOnes(t *testing.T) {
	// A frame of motion JPEG: image/jpeg writes the standard tables, and here
	// they are taken out again.
	p := testPhoto(64, 48)
	dht := bytes.Index(p, []byte("\xff\xc4"))
	n := 2 + int(p[dht+2])<<8 + int(p[dht+3])
	without := append(bytes.Clone(p[:dht]), p[dht+n:]...)
	want, _, err := jpeg.Decode(p, jpeg.Options{})
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := jpeg.Decode(without, jpeg.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if mean, worst := apart(got.Image(), want.Image()); worst != 0 {
		t.Errorf("%.1f levels away, %d at worst", mean, worst)
	}
}

func TestWhatIsNotReadIsToldApart(t *testing.T) {
	with := func(frame byte, edit func([]byte)) []byte {
		p := photoLike(0)
		p.frame = frame
		data := p.file()
		if edit != nil {
			edit(data[bytes.Index(data, []byte{0xff, frame}):])
		}
		return data
	}
	for name, c := range map[string]struct {
		file []byte
		want error
		says string
	}{
		"12 bits":      {with(0xc1, func(b []byte) { b[4] = 12 }), jpeg.ErrUnsupported, "12 bits"},
		"lossless":     {with(0xc3, nil), jpeg.ErrUnsupported, "lossless"},
		"hierarchical": {with(0xc5, nil), jpeg.ErrUnsupported, "frame type 5"},
		"arithmetic":   {with(0xc9, nil), jpeg.ErrUnsupported, "arithmetic"},
		"arithmetic 2": {with(0xca, nil), jpeg.ErrUnsupported, "arithmetic"},
		"no height":    {with(0xc1, func(b []byte) { b[5], b[6] = 0, 0 }), jpeg.ErrUnsupported, "DNL"},
		"no width":     {with(0xc1, func(b []byte) { b[7], b[8] = 0, 0 }), jpeg.ErrMalformed, "0 pixels"},
		"two parts":    {with(0xc1, func(b []byte) { b[9] = 2 }), jpeg.ErrUnsupported, "2 components"},
		"text":         {[]byte("no picture"), jpeg.ErrMalformed, "begin"},
		"nothing":      {nil, jpeg.ErrMalformed, "begin"},
		"a head":       {photoLike(0).file()[:60], jpeg.ErrMalformed, "cut short"},
	} {
		for _, o := range []jpeg.Options{{}, tolerant} {
			_, _, err := jpeg.Decode(c.file, o)
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: %v, want %v with %q", name, err, c.want, c.says)
			}
		}
	}
}

func TestAHeaderThatIsCutShortStillTellsTheSize(t *testing.T) {
	data := photoLike(0).file()
	sof := bytes.Index(data, []byte("\xff\xc1"))
	h, err := jpeg.ReadHeader(data[:sof+30])
	if err != nil || h.Width != 160 || h.Height != 96 {
		t.Error(h, err)
	}
	if _, err := jpeg.ReadHeader(data[:sof+4]); !errors.Is(err, jpeg.ErrMalformed) {
		t.Error(err)
	}
}

// TestManyScansEndSoon has a few bytes that make a decoder look at each of 62,500
// blocks again and again: it gives up once it has looked more often than any picture
// needs.
func TestManyScansEndSoon(t *testing.T) {
	const tooMany = "it has more scans than its size can need"
	p := &picture{w: 2000, h: 2000, sampling: sampling(11)}
	p.scans = []scan{{[]int{0}, 0, 0, 0, 0}, {[]int{0}, 1, 63, 2, 1}}
	data := p.empty().file()
	again := data[bytes.LastIndex(data, []byte("\xff\xda")) : len(data)-2]
	data = append(data[:len(data)-2], bytes.Repeat(again, 900)...)
	_, report, err := jpeg.Decode(data, tolerant)
	if err != nil || !slices.Contains(report.Warnings, tooMany) {
		t.Error(err, report)
	}
	if _, _, err := jpeg.Decode(data, jpeg.Options{}); !errors.Is(err, jpeg.ErrMalformed) || !strings.Contains(err.Error(), tooMany) {
		t.Error(err)
	}
}

// empty makes a picture of grey blocks only.
func (p *picture) empty() *picture {
	for c := range p.sampling {
		_, _, w, h := p.blocks(c)
		p.coefs = append(p.coefs, make([][64]int, w*h))
	}
	return p
}

func TestMemoryIsWhatIsNeeded(t *testing.T) {
	for name, p := range map[string]*picture{
		"baseline":    (&picture{w: 1600, h: 1200, sampling: sampling(22, 11, 11)}).empty(),
		"progressive": (&picture{w: 1600, h: 1200, sampling: sampling(22, 11, 11), scans: usual}).empty(),
	} {
		data := p.file()
		for _, r := range []int{1, 2, 4, 8} {
			o := options(p, r)
			h, err := jpeg.ReadHeader(data)
			if err != nil {
				t.Fatal(err)
			}
			runtime.GC()
			runtime.GC() // empties the pools
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if _, _, err := jpeg.Decode(data, o); err != nil {
				t.Fatal(err)
			}
			runtime.ReadMemStats(&after)
			took, said := int64(after.TotalAlloc-before.TotalAlloc), jpeg.Memory(h, o)
			if took > said || said > took+200<<10 {
				t.Errorf("%s at 1/%d took %d bytes; Memory says %d", name, r, took, said)
			}
		}
	}
}

func TestReductionIsTheLargestThatIsLargeEnough(t *testing.T) {
	h := jpeg.Header{Width: 4032, Height: 3023}
	for _, c := range []struct{ w, h, want int }{
		{0, 0, 1}, {1440, 1080, 2}, {2016, 1512, 2}, {2017, 1512, 1}, {2016, 1513, 1},
		{1008, 756, 4}, {500, 0, 8}, {0, 379, 4}, {1, 1, 8}, {9999, 1, 1},
	} {
		if got := (jpeg.Options{MinWidth: c.w, MinHeight: c.h}).Reduction(h); got != c.want {
			t.Errorf("for %d x %d it is %d, want %d", c.w, c.h, got, c.want)
		}
	}
}

func known(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, jpeg.ErrMalformed) && !errors.Is(err, jpeg.ErrUnsupported) {
		t.Errorf("an error of no kind: %v", err)
	}
}
