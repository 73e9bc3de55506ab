package preprocess_test

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/draw"
	"testing"

	"vlocal/domain"
	"vlocal/internal/testimage"
	"vlocal/preprocess"
)

func TestTIFFOfEveryKind(t *testing.T) {
	type kind = testimage.TIFFKind
	scene := testimage.Landscape(120, 72)
	badge := testimage.Badge(72, 72)
	for name, c := range map[string]struct {
		kind kind
		grey bool
		far  float64 // how far from the scene it may be, in levels
	}{
		"RGB":                    {kind: kind{Colours: 2, Bits: 8}},
		"of 16 bits":             {kind: kind{Colours: 2, Bits: 16}},
		"LZW":                    {kind: kind{Colours: 2, Bits: 8, Compression: 5}},
		"LZW, differences":       {kind: kind{Colours: 2, Bits: 8, Compression: 5, Predictor: true}},
		"deflate, 16 bits":       {kind: kind{Colours: 2, Bits: 16, Compression: 8, Predictor: true}},
		"PackBits":               {kind: kind{Colours: 2, Bits: 8, Compression: 32773}},
		"tiles":                  {kind: kind{Colours: 2, Bits: 8, Tile: 32}},
		"tiles, LZW":             {kind: kind{Colours: 2, Bits: 8, Tile: 48, Compression: 5}},
		"planes":                 {kind: kind{Colours: 2, Bits: 8, Planes: true}},
		"planes, tiles, 16 bits": {kind: kind{Colours: 2, Bits: 16, Planes: true, Tile: 32, Compression: 8, Predictor: true}},
		"RGB and more":           {kind: kind{Colours: 2, Bits: 8, Extra: 1}},
		"CMYK":                   {kind: kind{Colours: 5, Bits: 8}},
		"CMYK of 16 bits":        {kind: kind{Colours: 5, Bits: 16, Compression: 5}},
		"CMYK, tiles":            {kind: kind{Colours: 5, Bits: 8, Tile: 32, Compression: 8, Predictor: true}},
		"CMYK, planes":           {kind: kind{Colours: 5, Bits: 8, Planes: true}},
		"JPEG":                   {kind: kind{Colours: 6, Bits: 8, Compression: 7}},
		"JPEG of grey":           {kind: kind{Colours: 1, Bits: 8, Compression: 7}, grey: true},
		"JPEG, tiles":            {kind: kind{Colours: 6, Bits: 8, Compression: 7, Tile: 32}},
		"two pages":              {kind: kind{Colours: 2, Bits: 8, Next: true}},
		"grey":                   {kind: kind{Colours: 1, Bits: 8}, grey: true},
		"white is zero":          {kind: kind{Colours: 0, Bits: 8}, grey: true},
		"grey of 16 bits":        {kind: kind{Colours: 1, Bits: 16}, grey: true},
		"grey of 4 bits":         {kind: kind{Colours: 1, Bits: 4}, grey: true, far: 10},
		"grey of 2 bits":         {kind: kind{Colours: 0, Bits: 2}, grey: true, far: 40},
		"a palette":              {kind: kind{Colours: 3, Bits: 8}, grey: true},
		"a palette of 4 bits":    {kind: kind{Colours: 3, Bits: 4}, grey: true, far: 10},
		"grey and more":          {kind: kind{Colours: 1, Bits: 8, Extra: 1}, grey: true},
	} {
		t.Run(name, func(t *testing.T) {
			p, img := prepare(t, preprocess.Options{Quality: 95}, testimage.PlainTIFF(scene, c.kind))
			var want image.Image = scene
			if c.grey {
				want = testimage.Gray(scene)
			}
			if d := apart(img, want); d > max(c.far, 5) {
				t.Errorf("%.2f levels from the scene", d)
			}
			if p.Source.Format != "tiff" || p.Source.Width != 120 || p.Source.Height != 72 {
				t.Errorf("facts are %+v", p.Source)
			}
		})
	}
	for name, k := range map[string]kind{
		"transparency":         {Colours: 2, Bits: 8, Extra: 2},
		"transparency, planes": {Colours: 2, Bits: 8, Extra: 2, Planes: true},
	} {
		if _, img := prepare(t, preprocess.Options{Quality: 95}, testimage.PlainTIFF(badge, k)); apart(img, onWhite(badge)) > 5 {
			t.Errorf("%s: %.2f levels from the badge on white", name, apart(img, onWhite(badge)))
		}
	}
}

// TestFaxesAreNoNegatives has a fax page of 24 by 16 pixels as libtiff writes it
// (Group 4, ITU-T T.6), where black is zero: black on the left third, white beside it.
// The same codes stand for the opposite where white is zero.
func TestFaxesAreNoNegatives(t *testing.T) {
	data, err := base64.StdEncoding.DecodeString("SUkqABIAAAAzBf////8AEAEACQAAAQMAAQAAABgAAAABAQMAAQAAABAAAAAC" +
		"AQMAAQAAAAEAAAADAQMAAQAAAAQAAAAGAQMAAQAAAAEAAAARAQQAAQAAAAgAAAAWAQMAAQAAABAAAAAXAQQAAQAAAAkAAAAcAQMAAQAAAAEAAAAAAAAA")
	if err != nil {
		t.Fatal(err)
	}
	photometric := bytes.Index(data, []byte{0x06, 0x01, 3, 0})
	for zero, left := range map[byte]byte{1: 0, 0: 255} {
		data[photometric+8] = zero
		_, img := prepare(t, preprocess.Options{Quality: 95}, data)
		want := image.NewGray(img.Bounds())
		for i := range want.Pix {
			want.Pix[i] = left
			if i%24 >= 8 {
				want.Pix[i] = 255 - left
			}
		}
		if d := apart(img, want); d > 3 {
			t.Errorf("photometric interpretation %d: %.2f levels from the page", zero, d)
		}
	}
}

func TestTIFFThatCannotBeReadIsUnsupported(t *testing.T) {
	scene := testimage.Landscape(40, 24)
	edit := func(tag byte, value byte) []byte {
		data := testimage.PlainTIFF(scene, testimage.TIFFKind{Colours: 2, Bits: 8})
		at := int(data[4]) | int(data[5])<<8
		for i := at + 2; i+12 <= len(data); i += 12 {
			if data[i] == tag && data[i+1] == 1 {
				data[i+8] = value
				return data
			}
		}
		t.Fatal("no such tag")
		return nil
	}
	for name, data := range map[string][]byte{
		"floating point":      testimage.PlainTIFF(scene, testimage.TIFFKind{Colours: 2, Bits: 16, Format: 3}),
		"another compression": edit(0x03, 99),
		"other colours":       edit(0x06, 8),
	} {
		if _, err := (preprocess.Options{}).Bytes(t.Context(), data); domain.KindOf(err) != domain.Unsupported {
			t.Errorf("%s: %v, want unsupported", name, err)
		}
	}
}

func TestTIFFCutAnywhereIsCorrupt(t *testing.T) {
	for _, k := range []testimage.TIFFKind{{Colours: 5, Bits: 8, Compression: 5}, {Colours: 6, Bits: 8, Compression: 7, Tile: 32}} {
		whole := testimage.PlainTIFF(testimage.Landscape(120, 72), k)
		for n := 8; n < len(whole); n += 211 {
			if _, err := (preprocess.Options{}).Bytes(t.Context(), whole[:n]); domain.KindOf(err) != domain.Corrupt {
				t.Fatalf("the first %d of %d bytes: %v, want corrupt", n, len(whole), err)
			}
		}
	}
}

func TestFirstFrameOfAnimatedWebP(t *testing.T) {
	scene := testimage.Landscape(40, 24)
	other := image.NewNRGBA(image.Rect(0, 0, 40, 24))
	t.Run("all of the canvas", func(t *testing.T) {
		p, img := prepare(t, preprocess.Options{Quality: 95},
			testimage.AnimatedWebP(40, 24, testimage.WebP(scene), image.Point{}, testimage.WebP(other)))
		if d := apart(img, scene); d > 5 || p.Source.Width != 40 || p.Source.Height != 24 {
			t.Errorf("%.2f levels from the scene, %+v", d, p.Source)
		}
	})
	t.Run("a part of it", func(t *testing.T) {
		_, img := prepare(t, preprocess.Options{Quality: 95},
			testimage.AnimatedWebP(80, 60, testimage.WebP(scene), image.Pt(10, 20), testimage.WebP(other)))
		want := image.NewRGBA(image.Rect(0, 0, 80, 60))
		draw.Draw(want, want.Rect, image.White, image.Point{}, draw.Src)
		draw.Draw(want, scene.Rect.Add(image.Pt(10, 20)), scene, image.Point{}, draw.Src)
		if d := apart(img, want); d > 5 {
			t.Errorf("%.2f levels from the scene on white", d)
		}
	})
	t.Run("lossy, with transparency", func(t *testing.T) {
		_, want := prepare(t, preprocess.Options{Quality: 95}, testimage.WebPLossy())
		_, img := prepare(t, preprocess.Options{Quality: 95},
			testimage.AnimatedWebP(48, 32, testimage.WebPLossy(), image.Point{}, testimage.WebP(other)))
		if d := apart(img, want); d > 1 {
			t.Errorf("%.2f levels from the still picture", d)
		}
	})
	for name, data := range map[string][]byte{
		"beyond the canvas":        testimage.AnimatedWebP(40, 24, testimage.WebP(scene), image.Pt(2, 0), nil),
		"larger than the canvas":   testimage.AnimatedWebP(4, 4, testimage.WebP(scene), image.Point{}, nil),
		"no frame":                 testimage.AnimatedWebP(40, 24, nil, image.Point{}, nil),
		"a still one that is more": testimage.StillWebP(4, 4, testimage.WebP(scene)),
	} {
		if _, err := (preprocess.Options{}).Bytes(t.Context(), data); domain.KindOf(err) != domain.Corrupt {
			t.Errorf("%s: %v, want corrupt", name, err)
		}
	}
}

func TestRawShowsItsLargestPreview(t *testing.T) {
	scene := testimage.Landscape(160, 120)
	small, large := testimage.JPEG(testimage.Landscape(40, 30), 95), testimage.JPEG(testimage.Turned(scene, 6), 95)
	e := testimage.EXIF{Orientation: 6, TakenAt: "2024:05:01 12:33:00", Offset: "+02:00",
		Make: "ACME", Model: "X-1", Lens: "50mm f/1.8", GPS: true, EastWest: "W"}
	for _, format := range []string{"cr2", "cr3", "nef", "arw", "dng", "orf", "raf", "rw2"} {
		preview := large
		if format == "raf" {
			preview = testimage.WithEXIF(large, e)
		}
		p, img := prepare(t, preprocess.Options{Quality: 95}, testimage.Raw(format, small, preview, e))
		if d := apart(img, scene); d > 5 {
			t.Errorf("%s: %.2f levels from the scene", format, d)
		}
		want := domain.Facts{SHA256: p.Source.SHA256, Format: format, Width: 160, Height: 120,
			Orientation: 6, TakenAt: "2024-05-01T12:33:00+02:00", Camera: "ACME X-1", Lens: "50mm f/1.8",
			Place: domain.Place{Latitude: 47 + 33.0/60 + 21.0/3600, Longitude: -(13 + 38.0/60 + 57.0/3600), Known: true},
			Hash:  p.Source.Hash}
		switch format {
		case "nef":
			want.Camera = "NIKON CORPORATION X-1"
		case "arw":
			want.Camera = "SONY X-1"
		}
		if p.Source != want {
			t.Errorf("%s: facts are %+v, want %+v", format, p.Source, want)
		}
		_, err := preprocess.Options{}.Bytes(t.Context(), testimage.Raw(format, nil, nil, e))
		if domain.KindOf(err) != domain.Unsupported {
			t.Errorf("%s without a preview: %v, want unsupported", format, err)
		}
		whole := testimage.Raw(format, nil, preview, e)
		if _, err := (preprocess.Options{}).Bytes(t.Context(), whole[:len(whole)-len(preview)/2]); domain.KindOf(err) != domain.Corrupt {
			t.Errorf("%s cut short: %v, want corrupt", format, err)
		}
	}
}

// TestRawsDamagedPreviewIsShownAsFarAsItGoes, as a JPEG is that was cut short.
func TestRawsDamagedPreviewIsShownAsFarAsItGoes(t *testing.T) {
	preview := testimage.JPEG(testimage.Landscape(320, 240), 90)
	hole := preview[len(preview)*2/3 : len(preview)-2]
	for i := range hole {
		hole[i] = 0xff // fill bytes: the data ends there
	}
	p, img := prepare(t, preprocess.Options{}, testimage.Raw("nef", nil, preview, testimage.EXIF{}))
	if p.Source.Warning == "" || p.Source.Hash != 0 || img.Bounds().Dx() != 320 {
		t.Errorf("warning %q, hash %x, %v", p.Source.Warning, p.Source.Hash, img.Bounds())
	}
}
