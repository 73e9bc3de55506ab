package preprocess

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"github.com/bep/imagemeta"
)

// metadata is what vlocal takes from EXIF. The zero value says that there is
// none.
type metadata struct {
	orientation int
	takenAt     string
}

// carriers are the formats that hold EXIF here.
var carriers = map[string]imagemeta.ImageFormat{
	"jpeg": imagemeta.JPEG,
	"png":  imagemeta.PNG,
	"tiff": imagemeta.TIFF,
	"webp": imagemeta.WebP,
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
	var m metadata
	var taken, offset string
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
			HandleTag: func(t imagemeta.TagInfo) error {
				switch {
				case t.Tag == "Orientation" && t.Namespace == "IFD0":
					m.orientation = orientationOf(t.Value)
				case t.Tag == "DateTimeOriginal" && taken == "":
					taken, _ = t.Value.(string)
				case t.Tag == "OffsetTimeOriginal" && offset == "":
					offset, _ = t.Value.(string)
				}
				return nil
			},
		})
		return err
	})
	m.takenAt = isoDate(taken, offset)
	if format == "heic" || format == "avif" {
		m.orientation = heifOrientation(data)
	}
	return m
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

// isoDate turns EXIF's "2024:05:01 12:33:00" and "+02:00" into ISO 8601. A
// date that no camera can have meant, such as one of zeros or one before the
// first photograph, gives "".
func isoDate(taken, offset string) string {
	const firstPhotograph = 1826
	t, err := time.Parse("2006:01:02 15:04:05", strings.Trim(taken, " \x00"))
	if err != nil || t.Year() < firstPhotograph {
		return ""
	}
	iso := t.Format("2006-01-02T15:04:05")
	offset = strings.Trim(offset, " \x00")
	if _, err := time.Parse("-07:00", offset); err == nil {
		iso += offset
	}
	return iso
}
