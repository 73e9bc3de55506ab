package main

import (
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"vlocal/domain"
	"vlocal/fetch"
	"vlocal/internal/testimage"
	"vlocal/preprocess"
)

func TestSizesAreReadAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string]int64{
		"1": 1, "1500": 1500, "512MB": 512_000_000, "512 mb": 512_000_000, "2GiB": 2 << 30, "1.5gb": 1_500_000_000,
		"4G": 4_000_000_000, "64MiB": 64 << 20, "20kB": 20_000,
	} {
		if got, err := parseSize(text); got != want || err != nil {
			t.Errorf("%q is %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "0", "-1", "MB", "1,5GB", "5 apples", "16EiB", "1e3", "NaN"} {
		if got, err := parseSize(text); err == nil || !strings.Contains(err.Error(), "such as 512MB") {
			t.Errorf("%q is %d, %v", text, got, err)
		}
	}
	for _, n := range []int64{1, 32_000_000, 1_234_567_890} {
		if got, err := parseSize(sizeText(n)); err != nil || got < n || got-n >= 1_000_000 {
			t.Errorf("%d is written %s and read %d", n, sizeText(n), got)
		}
	}
}

func TestMachineTellsItsMemory(t *testing.T) {
	const gib = 1 << 30
	if n := machineMemory(); n < gib/4 || n == unknownMemory || n > 1<<50 {
		t.Errorf("%d bytes", n)
	}
}

func TestGarbageIsCollectedNearTheBudget(t *testing.T) {
	before := debug.SetMemoryLimit(math.MaxInt64)
	defer debug.SetMemoryLimit(before)
	limitGarbage(100_000_000)
	if got := debug.SetMemoryLimit(-1); got != 100_000_000+beside {
		t.Errorf("the limit is %d", got)
	}
	limitGarbage(200_000_000)
	if got := debug.SetMemoryLimit(-1); got != 100_000_000+beside {
		t.Errorf("a limit that was set is %d", got)
	}
}

func TestPictureThatTakesTooMuchMemorySaysHowToAllowIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "large.png")
	if err := os.WriteFile(path, testimage.Bomb(10_000, 10_000), 0o600); err != nil {
		t.Fatal(err)
	}
	p := newPictures(preprocess.Options{Memory: preprocess.NewMemory(1, 128_000_000)}, fetch.Options{})
	_, err := p.prepare(t.Context(), at(path))
	const hint = "allow it with --memory 401MB if this machine has that to spare, "
	if domain.KindOf(err) != domain.TooLarge || !strings.Contains(err.Error(), hint) {
		t.Errorf("it ends with %v", err)
	}
}
