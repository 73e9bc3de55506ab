package preprocess_test

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"math"
	"slices"
	"testing"

	"vlocal/internal/testimage"
	"vlocal/preprocess"
)

// patches are colours as a file stores them, dark and bright, pale and full.
var patches = []color.NRGBA{
	{255, 255, 255, 255}, {128, 128, 128, 255}, {40, 40, 40, 255}, {200, 120, 90, 255},
	{90, 160, 70, 255}, {60, 80, 170, 255}, {220, 200, 80, 255}, {150, 60, 60, 255},
	{120, 190, 200, 255}, {30, 60, 40, 255}, {230, 150, 160, 255}, {250, 60, 40, 255},
}

const patch = 32 // pixels a side

// chart shows the patches in rows of four.
func chart() *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, 4*patch, 3*patch))
	for y := range 3 * patch {
		for x := range 4 * patch {
			img.SetNRGBA(x, y, patches[y/patch*4+x/patch])
		}
	}
	return img
}

// middle gives the colour in the middle of a patch, 0 to 255.
func middle(img image.Image, i int) [3]float64 {
	w, h := img.Bounds().Dx()/4, img.Bounds().Dy()/3
	var sum [3]float64
	for y := range 4 {
		for x := range 4 {
			r, g, b, _ := img.At(i%4*w+w/2-2+x, i/4*h+h/2-2+y).RGBA()
			for c, v := range []uint32{r, g, b} {
				sum[c] += float64(v) / 257 / 16
			}
		}
	}
	return sum
}

// shown is what a colour of a profile is in sRGB, by the published matrix from XYZ of
// D50 (brucelindbloom.com) and the curve of IEC 61966-2-1.
func shown(k testimage.ProfileKind, c [3]float64) (out [3]float64) {
	var xyz [3]float64
	for i := range xyz {
		xyz[i] = k.Red[i]*k.Light(c[0]) + k.Green[i]*k.Light(c[1]) + k.Blue[i]*k.Light(c[2])
	}
	for i, row := range [3][3]float64{
		{3.1338561, -1.6168667, -0.4906146}, {-0.9787684, 1.9161415, 0.0334540}, {0.0719453, -0.2289914, 1.4052427},
	} {
		out[i] = level(row[0]*xyz[0] + row[1]*xyz[1] + row[2]*xyz[2])
	}
	return out
}

func level(light float64) float64 {
	light = min(max(light, 0), 1)
	if light <= 0.0031308 {
		return 255 * 12.92 * light
	}
	return 255 * (1.055*math.Pow(light, 1/2.4) - 0.055)
}

// expect compares the patches of what goes out with what they are to be.
func expect(t *testing.T, data []byte, o preprocess.Options, within float64, want func(c [3]float64) [3]float64) {
	t.Helper()
	o.Quality = 98
	p, img := prepare(t, o, data)
	if bytes.Contains(p.JPEG, []byte("ICC_PROFILE")) {
		t.Error("the profile goes out")
	}
	for i, c := range patches {
		w, got := want([3]float64{float64(c.R) / 255, float64(c.G) / 255, float64(c.B) / 255}), middle(img, i)
		for j := range w {
			if math.Abs(got[j]-w[j]) > within {
				t.Errorf("%v goes out as %.1f, want %.1f within %.1f", c, got, w, within)
				break
			}
		}
	}
}

func unchanged(c [3]float64) [3]float64 { return [3]float64{255 * c[0], 255 * c[1], 255 * c[2]} }

func TestColoursOfProfilesGoOutAsSRGB(t *testing.T) {
	img := chart()
	_, av1C, stream := encodeAVIF(t, img)
	linear := testimage.SRGB
	linear.Gamma = 1
	for name, k := range map[string]testimage.ProfileKind{
		"Display P3": testimage.DisplayP3, "Adobe RGB": testimage.AdobeRGB, "ProPhoto": testimage.ProPhoto,
		"linear": linear, "sRGB": testimage.SRGB,
	} {
		profile := testimage.RGBProfile(k)
		for format, c := range map[string]struct {
			data   []byte
			within float64
		}{
			"jpeg":            {testimage.WithProfile(testimage.JPEG(img, 99), profile), 4},
			"png":             {testimage.WithProfile(testimage.PNG(img), profile), 2},
			"png of 16 bits":  {testimage.WithProfile(testimage.PNG(testimage.Deep(img)), profile), 3},
			"webp":            {testimage.WithProfile(testimage.WebP(img), profile), 2},
			"tiff":            {testimage.WithProfile(testimage.TIFF(img), profile), 2},
			"tiff of 16 bits": {testimage.WithProfile(testimage.TIFF(testimage.Deep(img)), profile), 3},
			"heic":            {testimage.HEIC(img, testimage.HEIF{Profile: profile, Full: true}), 4},
			"heic of tiles":   {testimage.HEIC(img, testimage.HEIF{Profile: profile, Full: true, Tile: 64}), 5},
			// The numbers say sRGB; the profile goes before them.
			"heic of both": {testimage.HEIC(img, testimage.HEIF{Profile: profile, Full: true, Colr: true}), 4},
			"avif":         {testimage.AVIF(av1C, stream, img.Rect.Size(), testimage.HEIF{Profile: profile}), 6},
			"raw":          {testimage.Raw("nef", nil, testimage.WithProfile(testimage.JPEG(img, 99), profile), testimage.EXIF{}), 4},
		} {
			t.Run(name+" in "+format, func(t *testing.T) {
				within := c.within
				if k.Gamma == 1 {
					within *= 2.5 // a level of light is up to 13 of sRGB; here 2.5
				}
				expect(t, c.data, preprocess.Options{}, within, func(c [3]float64) [3]float64 { return shown(k, c) })
			})
		}
	}
}

func TestColoursAreConvertedWhenPicturesAreMadeSmallerAndTurned(t *testing.T) {
	img, profile := chart(), testimage.RGBProfile(testimage.AdobeRGB)
	o := preprocess.Options{MaxWidth: 2 * patch, MaxHeight: 2 * patch}
	for name, file := range map[string][]byte{
		"jpeg": testimage.JPEG(testimage.Turned(img, 6), 99), "png": testimage.PNG(testimage.Turned(img, 6)),
	} {
		t.Run(name, func(t *testing.T) {
			file := testimage.WithEXIF(testimage.WithProfile(file, profile), testimage.EXIF{Orientation: 6})
			expect(t, file, o, 5, func(c [3]float64) [3]float64 { return shown(testimage.AdobeRGB, c) })
		})
	}
}

func TestColoursAreToldWithoutAProfile(t *testing.T) {
	img := chart()
	u32 := func(v ...int) (b []byte) {
		for _, v := range v {
			b = binary.BigEndian.AppendUint32(b, uint32(v))
		}
		return b
	}
	jpeg, png := testimage.JPEG(img, 99), testimage.PNG(img)
	adobe := testimage.EXIF{ColorSpace: 0xffff, Interop: "R03"}
	p3, linear, adobe22 := testimage.DisplayP3, testimage.SRGB, testimage.AdobeRGB
	linear.Gamma, adobe22.Gamma = 1, 2.2
	gamma := func(v int) []byte { return testimage.WithChunk(png, "gAMA", u32(v)) }
	adobeCHRM := u32(31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000)
	for name, c := range map[string]struct {
		data   []byte
		want   *testimage.ProfileKind // nil for unchanged
		within float64
	}{
		"jpeg of a camera set to Adobe RGB":  {testimage.WithEXIF(jpeg, adobe), &testimage.AdobeRGB, 4},
		"the same, with a profile of sRGB":   {testimage.WithProfile(testimage.WithEXIF(jpeg, adobe), testimage.RGBProfile(testimage.SRGB)), nil, 4},
		"jpeg of a camera set to sRGB":       {testimage.WithEXIF(jpeg, testimage.EXIF{ColorSpace: 1, Interop: "R98"}), nil, 4},
		"jpeg without a word of which":       {testimage.WithEXIF(jpeg, testimage.EXIF{ColorSpace: 0xffff}), nil, 4},
		"raw file, its preview says nothing": {testimage.Raw("nef", nil, jpeg, adobe), &testimage.AdobeRGB, 4},
		"png by cICP":                        {testimage.WithChunk(png, "cICP", []byte{12, 13, 0, 1}), &p3, 2},
		"png by cICP before iCCP":            {testimage.WithChunk(testimage.WithProfile(png, testimage.RGBProfile(testimage.AdobeRGB)), "cICP", []byte{12, 13, 0, 1}), &p3, 2},
		"png by gAMA":                        {gamma(100000), &linear, 5},
		"png by gAMA and cHRM":               {testimage.WithChunk(gamma(45455), "cHRM", adobeCHRM), &adobe22, 2},
		"png by gAMA that means sRGB":        {gamma(45455), nil, 2},
		"png by sRGB before gAMA":            {testimage.WithChunk(gamma(100000), "sRGB", []byte{0}), nil, 2},
		"png with a gAMA of 0":               {gamma(0), nil, 2},
		"heic by numbers":                    {testimage.HEIC(img, testimage.HEIF{Full: true, Colr: true, Primaries: 12, Curve: 13}), &p3, 4},
		"heic by numbers of video":           {testimage.HEIC(img, testimage.HEIF{Full: true, Colr: true}), nil, 4},
		"heic of a wider range of light":     {testimage.HEIC(img, testimage.HEIF{Full: true, Colr: true, Primaries: 9, Curve: 16}), nil, 4},
	} {
		t.Run(name, func(t *testing.T) {
			want := unchanged
			if c.want != nil {
				want = func(v [3]float64) [3]float64 { return shown(*c.want, v) }
			}
			expect(t, c.data, preprocess.Options{}, c.within, want)
		})
	}
}

// inkLab stands for a press: a plain model of inks, as L*, a* and b*.
func inkLab(in []float64) [3]float64 {
	c, m, y, k := in[0], in[1], in[2], in[3]
	l := 100 - 35*c - 45*m - 10*y
	return [3]float64{l * (1 - 0.9*k), (-30*c + 60*m) * (1 - k), (-40*c - 5*m + 80*y) * (1 - k)}
}

func TestInksGoOutAsTheirProfileHasThem(t *testing.T) {
	profile := testimage.TableProfile(4, inkLab)
	// No ink at all is the lightest, L* 100; all of them are the darkest, L* 1,
	// which black point compensation makes black: 1 of L* is 0.0011 of light.
	black := inkLab([]float64{1, 1, 1, 1})[0] / 903.3
	want := func(v [3]float64) [3]float64 {
		i := color.CMYKModel.Convert(color.NRGBA{byte(255*v[0] + 0.5), byte(255*v[1] + 0.5), byte(255*v[2] + 0.5), 255}).(color.CMYK)
		lab := inkLab([]float64{float64(i.C) / 255, float64(i.M) / 255, float64(i.Y) / 255, float64(i.K) / 255})
		fy := (lab[0] + 16) / 116
		var xyz [3]float64
		for j, f := range []float64{fy + lab[1]/500, fy, fy - lab[2]/200} {
			if f > 24.0/116 {
				f = f * f * f
			} else {
				f = (f - 16.0/116) * 108 / 841
			}
			xyz[j] = (f - black) / (1 - black) * []float64{0.9642, 1, 0.8249}[j]
		}
		return shown(testimage.ProfileKind{Red: xyz, Gamma: 1}, [3]float64{1, 0, 0})
	}
	for name, file := range map[string][]byte{
		"jpeg": testimage.CMYK(chart()),
		"tiff": testimage.PlainTIFF(chart(), testimage.TIFFKind{Colours: 5, Bits: 8}),
	} {
		t.Run(name, func(t *testing.T) {
			expect(t, testimage.WithProfile(file, profile), preprocess.Options{}, 6, want)
		})
		t.Run(name+" smaller", func(t *testing.T) {
			o := preprocess.Options{MaxWidth: 2 * patch, MaxHeight: 2 * patch}
			expect(t, testimage.WithProfile(file, profile), o, 6, want)
		})
	}
}

func TestGreyProfilesAreForGreyPictures(t *testing.T) {
	grey := testimage.Gray(chart())
	k := testimage.ProfileKind{Gamma: 1.8}
	profile := testimage.GreyProfile(k)
	deep := image.NewGray16(grey.Rect)
	for i, v := range grey.Pix {
		deep.Pix[2*i], deep.Pix[2*i+1] = v, v
	}
	for name, c := range map[string][]byte{
		"jpeg": testimage.JPEG(grey, 99), "png": testimage.PNG(grey), "png of 16 bits": testimage.PNG(deep),
		"tiff": testimage.TIFF(grey),
	} {
		t.Run(name, func(t *testing.T) {
			expect(t, testimage.WithProfile(c, profile), preprocess.Options{}, 2, func(v [3]float64) [3]float64 {
				y := color.GrayModel.Convert(color.NRGBA{byte(255*v[0] + 0.5), byte(255*v[1] + 0.5), byte(255*v[2] + 0.5), 255}).(color.Gray).Y
				l := level(k.Light(float64(y) / 255))
				return [3]float64{l, l, l}
			})
		})
	}
	t.Run("not for others", func(t *testing.T) {
		expect(t, testimage.WithProfile(testimage.PNG(chart()), profile), preprocess.Options{}, 2, unchanged)
	})
}

// Light without a curve has the dark half of what people see in the lowest twentieth
// of its numbers; of 8 bits hardly any would be left.
func TestDarkColoursOfSixteenBitsAreKept(t *testing.T) {
	const light = 100.0 / 65535 // the lower 8 bits only
	rgb, grey := image.NewNRGBA64(image.Rect(0, 0, 32, 32)), image.NewGray16(image.Rect(0, 0, 32, 32))
	for i := range 32 * 32 {
		rgb.SetNRGBA64(i%32, i/32, color.NRGBA64{100, 100, 100, 0xffff})
		grey.SetGray16(i%32, i/32, color.Gray16{100})
	}
	linear := testimage.SRGB
	linear.Gamma = 1
	gamma := binary.BigEndian.AppendUint32(nil, 100000)
	for name, file := range map[string][]byte{
		"profile":         testimage.WithProfile(testimage.PNG(rgb), testimage.RGBProfile(linear)),
		"profile in TIFF": testimage.WithProfile(testimage.TIFF(rgb), testimage.RGBProfile(linear)),
		"gAMA":            testimage.WithChunk(testimage.PNG(rgb), "gAMA", gamma),
		"grey profile":    testimage.WithProfile(testimage.PNG(grey), testimage.GreyProfile(linear)),
		"grey gAMA":       testimage.WithChunk(testimage.PNG(grey), "gAMA", gamma),
	} {
		t.Run(name, func(t *testing.T) {
			for _, side := range []int{32, 8} {
				_, img := prepare(t, preprocess.Options{Quality: 98, MaxWidth: side, MaxHeight: side}, file)
				got := color.GrayModel.Convert(img.At(side/2, side/2)).(color.Gray).Y
				if want := level(light); math.Abs(float64(got)-want) > 1.5 {
					t.Errorf("it goes out as %d, want %.1f", got, want)
				}
			}
		})
	}
}

func TestTransparencyOutlivesConversion(t *testing.T) {
	img := chart()
	for i := 3; i < len(img.Pix); i += 4 {
		img.Pix[i] = 128
	}
	data := testimage.WithProfile(testimage.PNG(img), testimage.RGBProfile(testimage.AdobeRGB))
	expect(t, data, preprocess.Options{}, 3, func(c [3]float64) [3]float64 {
		out := shown(testimage.AdobeRGB, c)
		for i := range out { // on white, which is white in any colours
			out[i] = (out[i]*128 + 255*127) / 255
		}
		return out
	})
}

func TestProfilesThatCannotBeUsedAreLeftOut(t *testing.T) {
	img, good := chart(), testimage.RGBProfile(testimage.AdobeRGB)
	many := slices.Clone(good)
	many[128] = 0xff // tags
	curve := slices.Clone(good)
	if i := bytes.Index(curve, []byte("curv")); i >= 0 {
		curve[i+8] = 0xff // points
	}
	for name, profile := range map[string][]byte{
		"empty": {}, "text": []byte("no profile at all"), "cut short": good[:200],
		"tags without end": many, "a curve without end": curve,
		"of CMYK": testimage.TableProfile(4, inkLab), "too long": make([]byte, 5<<20),
	} {
		for format, file := range map[string][]byte{"jpeg": testimage.JPEG(img, 99), "png": testimage.PNG(img)} {
			t.Run(name+" in "+format, func(t *testing.T) {
				expect(t, testimage.WithProfile(file, profile), preprocess.Options{}, 4, unchanged)
			})
		}
	}
	t.Run("a part is missing", func(t *testing.T) {
		part := slices.Concat([]byte("ICC_PROFILE\x00\x01\x02"), good)
		expect(t, testimage.WithSegment(testimage.JPEG(img, 99), 0xe2, part), preprocess.Options{}, 4, unchanged)
	})
}
