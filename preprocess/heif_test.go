package preprocess_test

import (
	"bytes"
	"image"
	"testing"

	"github.com/gen2brain/avif"

	"vlocal/domain"
	"vlocal/internal/testimage"
	"vlocal/preprocess"
	"vlocal/preprocess/isobmff"
)

func TestHEICIsShownAsItWasStored(t *testing.T) {
	scene := testimage.Landscape(120, 72)
	for name, h := range map[string]testimage.HEIF{
		"one piece":                   {},
		"all levels":                  {Full: true},
		"the colours of HD":           {Matrix: 1},
		"all of them, of HD":          {Matrix: 1, Full: true},
		"told by the container":       {Matrix: 1, Full: true, Colr: true},
		"a grid":                      {Tile: 64},
		"a grid of many small tiles":  {Tile: 16, Full: true},
		"its EXIF was applied before": {EXIF: testimage.EXIF{Orientation: 6}},
	} {
		t.Run(name, func(t *testing.T) {
			p, img := prepare(t, preprocess.Options{Quality: 95}, testimage.HEIC(scene, h))
			if d := apart(img, scene); d > 5 {
				t.Errorf("%.2f levels from the scene", d)
			}
			if p.Source.Format != "heic" || p.Source.Width != 120 || p.Source.Height != 72 || p.Source.Orientation != 1 {
				t.Errorf("facts are %+v", p.Source)
			}
		})
	}
}

func TestHEICIsTurnedOnceByItsContainer(t *testing.T) {
	scene := testimage.Landscape(120, 72)
	for _, c := range []struct {
		h    testimage.HEIF
		want int // the orientation of EXIF that does the same
	}{
		{testimage.HEIF{}, 1},
		{testimage.HEIF{Turns: 1}, 8},
		{testimage.HEIF{Turns: 2}, 3},
		{testimage.HEIF{Turns: 3}, 6},
		{testimage.HEIF{Mirror: 1}, 4},
		{testimage.HEIF{Mirror: 2}, 2},
		{testimage.HEIF{Turns: 1, Mirror: 1}, 5},
		{testimage.HEIF{Turns: 1, Mirror: 2}, 7},
	} {
		for _, tile := range []int{0, 64} {
			c.h.Tile, c.h.EXIF = tile, testimage.EXIF{Orientation: c.want, TakenAt: "2024:05:01 12:33:00", Offset: "+02:00",
				Make: "Apple", Model: "iPhone 15", Lens: "iPhone 15 back camera", GPS: true}
			// Turned shows what a file of that orientation stores.
			p, img := prepare(t, preprocess.Options{Quality: 95}, testimage.HEIC(testimage.Turned(scene, c.want), c.h))
			if d := apart(img, scene); d > 5 {
				t.Errorf("%+v: %.2f levels from the scene", c.h, d)
			}
			want := domain.Facts{SHA256: p.Source.SHA256, Format: "heic", Width: 120, Height: 72,
				Orientation: c.want, TakenAt: "2024-05-01T12:33:00+02:00",
				Camera: "Apple iPhone 15", Lens: "iPhone 15 back camera",
				Place: domain.Place{Latitude: 47 + 33.0/60 + 21.0/3600, Longitude: 13 + 38.0/60 + 57.0/3600, Known: true},
				Hash:  p.Source.Hash}
			if p.Source != want {
				t.Errorf("facts are %+v, want %+v", p.Source, want)
			}
		}
	}
}

func TestHEICIsCropped(t *testing.T) {
	scene := testimage.Landscape(128, 96)
	crop := image.Rect(8, 16, 108, 90)
	for _, tile := range []int{0, 64} {
		p, img := prepare(t, preprocess.Options{Quality: 95}, testimage.HEIC(scene, testimage.HEIF{Crop: crop, Tile: tile}))
		if p.Source.Width != 100 || p.Source.Height != 74 {
			t.Errorf("it is %d x %d", p.Source.Width, p.Source.Height)
		}
		if d := apart(img, scene.SubImage(crop)); d > 5 {
			t.Errorf("%.2f levels from the part of the scene", d)
		}
	}
}

func TestHEICThatLiesAboutItsSize(t *testing.T) {
	scene := testimage.Landscape(128, 96)
	for name, c := range map[string]struct {
		h    testimage.HEIF
		kind domain.ErrorKind
	}{
		"larger, one piece":  {testimage.HEIF{Claim: image.Pt(4000, 3000)}, domain.Corrupt},
		"smaller, one piece": {testimage.HEIF{Claim: image.Pt(16, 16)}, domain.Corrupt},
		"larger, a grid":     {testimage.HEIF{Claim: image.Pt(4000, 3000), Tile: 64}, domain.Corrupt},
		"a bomb":             {testimage.HEIF{Claim: image.Pt(60_000, 60_000), Tile: 64}, domain.TooLarge},
	} {
		_, err := preprocess.Options{}.Bytes(t.Context(), testimage.HEIC(scene, c.h))
		if domain.KindOf(err) != c.kind {
			t.Errorf("%s: %v, want %s", name, err, c.kind)
		}
	}
}

func TestHEICCutAnywhereIsCorrupt(t *testing.T) {
	whole := testimage.HEIC(testimage.Landscape(128, 96), testimage.HEIF{Tile: 64})
	for n := 40; n < len(whole); n += 97 {
		_, err := preprocess.Options{}.Bytes(t.Context(), whole[:n])
		if domain.KindOf(err) != domain.Corrupt {
			t.Fatalf("the first %d of %d bytes: %v, want corrupt", n, len(whole), err)
		}
	}
}

func TestHEIFWithoutAStillPictureIsUnsupported(t *testing.T) {
	film := "\x00\x00\x00\x10ftyphevc\x00\x00\x00\x00\x00\x00\x00\x08moov"
	_, err := preprocess.Options{}.Bytes(t.Context(), []byte(film))
	if domain.KindOf(err) != domain.Unsupported {
		t.Errorf("%v, want unsupported", err)
	}
}

// encodeAVIF gives a file, and the two things that it is made of: the av1C property
// and the stream.
func encodeAVIF(t *testing.T, img image.Image) (file, av1C, stream []byte) {
	t.Helper()
	var b bytes.Buffer
	o := avif.Options{Quality: 95, QualityAlpha: 95, Speed: 10, ChromaSubsampling: image.YCbCrSubsampleRatio444}
	if err := avif.Encode(&b, img, o); err != nil {
		t.Fatal(err)
	}
	file = b.Bytes()
	in := file
	for _, kind := range []string{"meta", "iprp", "ipco", "av1C"} {
		body, ok := isobmff.Child(in, kind)
		if !ok {
			t.Fatalf("the encoder wrote no %s", kind)
		}
		if in = body; kind == "meta" {
			in = body[4:]
		}
	}
	stream, _ = isobmff.Child(file, "mdat")
	return file, in, stream
}

func TestAVIFIsShownAsItWasStored(t *testing.T) {
	scene := testimage.Landscape(120, 72)
	file, _, _ := encodeAVIF(t, scene)
	p, img := prepare(t, preprocess.Options{Quality: 95}, file)
	if d := apart(img, scene); d > 5 {
		t.Errorf("%.2f levels from the scene", d)
	}
	if p.Source.Format != "avif" || p.Source.Width != 120 || p.Source.Height != 72 {
		t.Errorf("facts are %+v", p.Source)
	}
	badge := testimage.Badge(96, 96)
	file, _, _ = encodeAVIF(t, badge)
	if _, img := prepare(t, preprocess.Options{Quality: 95}, file); apart(img, onWhite(badge)) > 5 {
		t.Errorf("transparency: %.2f levels from the badge on white", apart(img, onWhite(badge)))
	}
}

func TestAVIFIsTurnedOnceByItsContainer(t *testing.T) {
	scene := testimage.Landscape(120, 72)
	for o, h := range map[int]testimage.HEIF{
		8: {Turns: 1}, 3: {Turns: 2}, 6: {Turns: 3}, 4: {Mirror: 1}, 2: {Mirror: 2}, 5: {Turns: 1, Mirror: 1},
	} {
		h.EXIF = testimage.EXIF{Orientation: o}
		turned := testimage.Turned(scene, o)
		_, av1C, stream := encodeAVIF(t, turned)
		p, img := prepare(t, preprocess.Options{Quality: 95}, testimage.AVIF(av1C, stream, turned.Rect.Size(), h))
		if d := apart(img, scene); d > 5 {
			t.Errorf("orientation %d: %.2f levels from the scene", o, d)
		}
		if p.Source.Width != 120 || p.Source.Height != 72 || p.Source.Orientation != o {
			t.Errorf("orientation %d: facts are %+v", o, p.Source)
		}
	}
}

func TestAVIFThatIsLargerThanItSaysIsCorrupt(t *testing.T) {
	_, av1C, stream := encodeAVIF(t, image.NewGray(image.Rect(0, 0, 2000, 2000)))
	_, err := preprocess.Options{}.Bytes(t.Context(), testimage.AVIF(av1C, stream, image.Pt(16, 16), testimage.HEIF{}))
	if domain.KindOf(err) != domain.Corrupt {
		t.Errorf("%v, want corrupt", err)
	}
}

func TestAVIFCutAnywhereIsCorrupt(t *testing.T) {
	file, _, _ := encodeAVIF(t, testimage.Landscape(120, 72))
	for n := 40; n < len(file); n += 61 {
		_, err := preprocess.Options{}.Bytes(t.Context(), file[:n])
		if domain.KindOf(err) != domain.Corrupt {
			t.Fatalf("the first %d of %d bytes: %v, want corrupt", n, len(file), err)
		}
	}
}
