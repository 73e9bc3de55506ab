package vision

import (
	"bytes"
	"encoding/base64"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"
)

// FuzzBody holds the streamed body to the one that the standard library would
// make at once, read in parts of any size.
func FuzzBody(f *testing.F) {
	f.Add([]byte(`{"url":"","n":1}`), 8, []byte("abcdefghij"), 12, []byte("kl"), uint8(3))
	f.Add([]byte(``), 0, []byte(""), 0, []byte(""), uint8(1))
	f.Add([]byte(`x`), 1, bytes.Repeat([]byte{0xff, 0x00, 0x7f, 1}, 100), 1, []byte("a"), uint8(5))
	f.Fuzz(func(t *testing.T, frame []byte, at int, picture []byte, at2 int, picture2 []byte, part uint8) {
		at = min(max(at, 0), len(frame))
		at2 = min(max(at2, at), len(frame))
		want := string(frame[:at]) + base64.StdEncoding.EncodeToString(picture) +
			string(frame[at:at2]) + base64.StdEncoding.EncodeToString(picture2) + string(frame[at2:])
		places := []place{{at, picture}, {at2, picture2}}
		b := newBody(frame, places)
		var got []byte
		buf := make([]byte, max(part, 1))
		for {
			n, err := b.Read(buf)
			got = append(got, buf[:n]...)
			if err != nil {
				break
			}
			if n == 0 {
				t.Fatal("nothing read, and no end")
			}
		}
		if string(got) != want || bodyLen(frame, places) != int64(len(want)) {
			t.Errorf("parts of %d: %q, want %q", part, got, want)
		}
	})
}

func TestBodyIsAReader(t *testing.T) {
	picture := make([]byte, 10_007)
	for i := range picture {
		picture[i] = byte(rand.Uint32())
	}
	want := []byte(`{"a":"` + base64.StdEncoding.EncodeToString(picture) + `"}`)
	if err := iotest.TestReader(newBody([]byte(`{"a":""}`), []place{{6, picture}}), want); err != nil {
		t.Error(err)
	}
}

func TestBase64IsTheStandardOne(t *testing.T) {
	for n := range 300 {
		src := make([]byte, n)
		for i := range src {
			src[i] = byte(rand.Uint32())
		}
		got := make([]byte, base64.StdEncoding.EncodedLen(n))
		encodeBase64(got, src)
		if want := base64.StdEncoding.EncodeToString(src); string(got) != want {
			t.Fatalf("%d bytes: %s, want %s", n, got, want)
		}
	}
}

// BenchmarkBody is the body of a request with a picture of 300 KB.
//
//	go test -run '^$' -bench Body ./vision
func BenchmarkBody(b *testing.B) {
	picture := make([]byte, 300<<10)
	buf := make([]byte, 128<<10)
	b.SetBytes(int64(len(picture)))
	b.ReportAllocs()
	for b.Loop() {
		_, _ = io.CopyBuffer(struct{ io.Writer }{io.Discard}, newBody([]byte(`{"a":""}`), []place{{6, picture}}), buf)
	}
}
