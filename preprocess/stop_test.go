package preprocess

import (
	"bytes"
	"context"
	"image"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gen2brain/avif"

	"vlocal/domain"
	"vlocal/internal/testimage"
)

// waiting decodes until it is stopped.
var waiting = codec{decode: func(ctx context.Context, _ []byte) (image.Image, error) {
	<-ctx.Done()
	return nil, context.Cause(ctx)
}}

func TestPictureThatTakesTooLongIsCorrupt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		_, err := waiting.decodeSafely(t.Context(), nil)
		const want = "decode: decoding it takes longer than 60 seconds (save it again from a program that opens it)"
		if domain.KindOf(err) != domain.Corrupt || err.Error() != want || time.Since(began) != patience {
			t.Errorf("after %v: %v, want %s", time.Since(began), err, want)
		}
	})
}

func TestEndOfTheRunStopsADecoder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		_, err := waiting.decodeSafely(ctx, nil)
		if domain.KindOf(err) != domain.Interrupted {
			t.Error(err)
		}
	})
}

// soon is a context that is done after it was looked at so many times.
type soon struct {
	context.Context
	left int
}

func (s *soon) Err() error {
	if s.left--; s.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestDecodersLookForTheEndWhileTheyWork(t *testing.T) {
	scene := testimage.Landscape(320, 240)
	var av1 bytes.Buffer
	if err := avif.Encode(&av1, scene, avif.Options{Quality: 60, Speed: 10}); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"png": testimage.PNG(scene), "gif": testimage.GIF(scene), "bmp": testimage.BMP(scene), "webp": testimage.WebP(scene),
		"avif": av1.Bytes(),
	} {
		ctx := &soon{context.Background(), 2}
		if _, err := codecs[name].decode(ctx, data); err == nil || ctx.left >= 0 {
			t.Errorf("%s: %v, after %d looks", name, err, 2-ctx.left)
		}
		if _, err := codecs[name].decode(t.Context(), data); err != nil {
			t.Errorf("%s, without an end: %v", name, err)
		}
	}
}
