package preprocess

import (
	"math"
	"strings"
	"testing"

	"vlocal/domain"
)

func TestCameraIsMakerAndModelOnce(t *testing.T) {
	for _, c := range [][3]string{
		{"Canon", "Canon EOS 40D", "Canon EOS 40D"},
		{"NIKON CORPORATION", "NIKON D90", "NIKON D90"},
		{"EASTMAN KODAK COMPANY", "KODAK DX6490", "KODAK DX6490"},
		{"Jolla", "Jolla", "Jolla"},
		{"Apple", "iPhone 6", "Apple iPhone 6"},
		{"OLYMPUS IMAGING CORP.  ", "E-P3            ", "OLYMPUS IMAGING CORP. E-P3"},
		{"SAMSUNG\x00garbage", "SM-G900F\x00", "SAMSUNG SM-G900F"},
		{"", "X", "X"},
		{"X", "", "X"},
		{"", "", ""},
		{"\x1b[31mRed\nCo", "caf\xe9\u202e", "[31mRed Co caf\uFFFD"},
	} {
		if got := cameraOf(c[0], c[1]); got != c[2] {
			t.Errorf("%q and %q are %q, want %q", c[0], c[1], got, c[2])
		}
	}
	if got := plain(strings.Repeat("é", 5000)); len([]rune(got)) != longestText {
		t.Errorf("%d letters", len([]rune(got)))
	}
}

func TestPlaceIsKnownOnlyWithDirections(t *testing.T) {
	for _, c := range []struct {
		ns, ew    string
		lat, long float64
		want      domain.Place
	}{
		{"N", "E", 47.5, 13.6, domain.Place{Latitude: 47.5, Longitude: 13.6, Known: true}},
		{"S\x00", "w", 47.5, 13.6, domain.Place{Latitude: -47.5, Longitude: -13.6, Known: true}},
		{"N", "E", 90, 180, domain.Place{Latitude: 90, Longitude: 180, Known: true}},
		{"N", "E", 0, 13.6, domain.Place{Longitude: 13.6, Known: true}},
		{"N", "E", 0, 0, domain.Place{}},
		{"", "E", 47.5, 13.6, domain.Place{}},
		{"N", "\x00", 47.5, 13.6, domain.Place{}},
		{"N", "M", 47.5, 13.6, domain.Place{}},
		{"N", "E", 90.1, 13.6, domain.Place{}},
		{"N", "E", 47.5, 180.1, domain.Place{}},
		{"N", "E", -1, 13.6, domain.Place{}},
		{"N", "E", math.NaN(), 13.6, domain.Place{}},
		{"N", "E", 47.5, math.Inf(1), domain.Place{}},
	} {
		if got := placeOf(c.ns, c.lat, c.ew, c.long); got != c.want {
			t.Errorf("%q %v %q %v is %+v, want %+v", c.ns, c.lat, c.ew, c.long, got, c.want)
		}
	}
}

func TestTakenAtHasItsZoneWhereItWasRecorded(t *testing.T) {
	for _, c := range [][3]string{
		{"2024:05:01 12:33:00", "", "2024-05-01T12:33:00"},
		{"2024:05:01 12:33:00\x00", "-05:00\x00", "2024-05-01T12:33:00-05:00"},
		{"2024:05:01 12:33:00Z", "", "2024-05-01T12:33:00+00:00"},
		{"2024:05:01 12:33:00+05:30", "", "2024-05-01T12:33:00+05:30"},
		{"2024:05:01 12:33:00 pm", "", "2024-05-01T12:33:00"},
		{"2024:05:01 12:33:00", "+2", "2024-05-01T12:33:00"},
		{"2024:02:30 12:33:00", "", ""},
		{"0000:00:00 00:00:00", "+00:00", ""},
		{"    :  :     :  :  ", "", ""},
	} {
		if got := isoDate(c[0], c[1]); got != c[2] {
			t.Errorf("%q %q is %q, want %q", c[0], c[1], got, c[2])
		}
	}
}
