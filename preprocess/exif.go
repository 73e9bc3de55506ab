package preprocess

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/bep/imagemeta"

	"vlocal/domain"
)

// metadata is what vlocal takes from EXIF. The zero value says that there is
// none.
type metadata struct {
	orientation  int
	takenAt      string
	camera, lens string
	place        domain.Place
}

// carriers are the formats that hold EXIF here.
var carriers = map[string]imagemeta.ImageFormat{
	"jpeg": imagemeta.JPEG,
	"png":  imagemeta.PNG,
	"tiff": imagemeta.TIFF,
	"webp": imagemeta.TIFF, // the chunk: imagemeta finds none behind one of an odd size
	"heic": imagemeta.HEIF,
	"avif": imagemeta.AVIF,
}

// readMetadata gives what can be read. Broken metadata is as good as none: the
// picture is what counts, so it has no error.
func readMetadata(format string, data []byte) metadata {
	if slices.Contains(rawFormats, format) {
		return rawMetadata(format, data)
	}
	carrier, ok := carriers[format]
	if !ok {
		return metadata{}
	}
	if format == "webp" {
		data = webpEXIF(data)
	}
	var t tags
	// Tags that were read before the metadata broke off are kept.
	_ = recovered(func() error {
		_, err := imagemeta.Decode(imagemeta.Options{
			R:           bytes.NewReader(data),
			ImageFormat: carrier,
			Sources:     imagemeta.EXIF,
			ShouldHandleTag: func(t imagemeta.TagInfo) bool {
				// IFD1 is about the thumbnail.
				return strings.HasPrefix(t.Namespace, "IFD0")
			},
			HandleTag: func(tag imagemeta.TagInfo) error {
				t.take(tag)
				return nil
			},
		})
		return err
	})
	m := t.metadata()
	if format == "heic" || format == "avif" {
		m.orientation = heifOrientation(data)
	}
	return m
}

// tags are the values of the tags that count, as imagemeta gives them. Of one that
// comes twice the first counts.
type tags map[string]any

// positions are those whose numbers mean something else outside of the directory of
// GPS.
var positions = []string{"GPSLatitudeRef", "GPSLatitude", "GPSLongitudeRef", "GPSLongitude"}

func (t *tags) take(tag imagemeta.TagInfo) {
	switch tag.Tag {
	case "Orientation":
		if tag.Namespace != "IFD0" {
			return
		}
	case "Make", "Model", "LensModel", "DateTimeOriginal", "OffsetTimeOriginal":
	default:
		if !slices.Contains(positions, tag.Tag) || !strings.HasSuffix(tag.Namespace, "GPSInfoIFD") {
			return
		}
	}
	if *t == nil {
		*t = tags{}
	}
	if _, twice := (*t)[tag.Tag]; !twice {
		(*t)[tag.Tag] = tag.Value
	}
}

func (t tags) text(name string) string {
	s, _ := t[name].(string)
	return s
}

// degrees gives NaN for what is none.
func (t tags) degrees(name string) float64 {
	if f, ok := t[name].(float64); ok {
		return f
	}
	return math.NaN()
}

func (t tags) metadata() metadata {
	return metadata{
		orientation: orientationOf(t["Orientation"]),
		takenAt:     isoDate(t.text("DateTimeOriginal"), t.text("OffsetTimeOriginal")),
		camera:      cameraOf(t.text("Make"), t.text("Model")),
		lens:        plain(t.text("LensModel")),
		place: placeOf(t.text("GPSLatitudeRef"), t.degrees("GPSLatitude"),
			t.text("GPSLongitudeRef"), t.degrees("GPSLongitude")),
	}
}

// orientationOf gives 0 for what is none. The standard asks for a uint16; some
// programs write another size.
func orientationOf(value any) int {
	n := 0
	switch v := value.(type) {
	case uint8:
		n = int(v)
	case uint16:
		n = int(v)
	case uint32:
		n = int(min(v, 9))
	case int32:
		n = int(v)
	}
	if n < 1 || n > 8 {
		return 0
	}
	return n
}

// isoDate turns EXIF's "2024:05:01 12:33:00" and "+02:00" into ISO 8601. Some
// programs write the offset behind the date. A date that no camera can have meant,
// such as one of zeros or one before the first photograph, gives "".
func isoDate(taken, offset string) string {
	const firstPhotograph = 1826
	const layout, zone = "2006:01:02 15:04:05", "-07:00"
	taken, offset = strings.Trim(taken, " \x00"), strings.Trim(offset, " \x00")
	if len(taken) > len(layout) {
		if taken, offset = taken[:len(layout)], taken[len(layout):]; offset == "Z" {
			offset = "+00:00"
		}
	}
	t, err := time.Parse(layout, taken)
	if err != nil || t.Year() < firstPhotograph {
		return ""
	}
	iso := t.Format("2006-01-02T15:04:05")
	if _, err := time.Parse(zone, offset); err == nil {
		iso += offset
	}
	return iso
}

// longestText bounds what is taken of a text, in letters.
const longestText = 120

// plain gives a text of EXIF as it can be shown: to its first NUL, in one line.
func plain(s string) string {
	s, _, _ = strings.Cut(s, "\x00")
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	letters := []rune(strings.Join(strings.Fields(s), " "))
	return strings.TrimSpace(string(letters[:min(len(letters), longestText)]))
}

// cameraOf puts maker and model together. Many makers begin the model with their
// name ("Canon EOS 40D", "NIKON D90" of "NIKON CORPORATION"); it is not repeated.
func cameraOf(maker, model string) string {
	maker, model = plain(maker), plain(model)
	first, _, _ := strings.Cut(model, " ")
	for word := range strings.FieldsSeq(maker) {
		if strings.EqualFold(word, first) {
			return model
		}
	}
	return strings.TrimSpace(maker + " " + model)
}

// placeOf gives a place of EXIF (CIPA DC-008, 4.6.6), whose degrees have no sign. One
// without a direction is none, and neither is 0, 0: cameras that do not know where
// they are write that.
func placeOf(northSouth string, latitude float64, eastWest string, longitude float64) domain.Place {
	p := domain.Place{Latitude: latitude, Longitude: longitude, Known: true}
	switch strings.ToUpper(plain(northSouth)) {
	case "N":
	case "S":
		p.Latitude = -latitude
	default:
		return domain.Place{}
	}
	switch strings.ToUpper(plain(eastWest)) {
	case "E":
	case "W":
		p.Longitude = -longitude
	default:
		return domain.Place{}
	}
	// NaN is within no bounds.
	if !(latitude >= 0 && latitude <= 90 && longitude >= 0 && longitude <= 180) || latitude == 0 && longitude == 0 {
		return domain.Place{}
	}
	return p
}
