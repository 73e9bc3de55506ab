package scan

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vlocal/domain"
)

// The bound is for a million files in one folder under 100 MB, where the garbage
// collector may let the heap grow to twice what is live.
func TestNameCostsLittleMoreThanItsBytes(t *testing.T) {
	const count = 200_000
	before := liveHeap()
	list := namesIn("/p")
	for i := range count {
		if err := list.add(fmt.Sprintf("IMG_%08d.jpg", i), file); err != nil {
			t.Fatal(err)
		}
	}
	each := float64(liveHeap()-before) / count
	runtime.KeepAlive(list)
	if length := len("IMG_00000000.jpg"); each > float64(length)+10 {
		t.Errorf("a name of %d bytes takes %.1f", length, each)
	}
}

func liveHeap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// Over several blocks, with names of all lengths, every name comes back once and
// in order.
func TestNamesComeBackInOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	list := namesIn("/p")
	want := map[string]kind{}
	for len(want) < 2000 {
		name := make([]byte, 1+random.IntN(255))
		for i := range name {
			name[i] = byte(1 + random.IntN(255))
			if name[i] == '/' {
				name[i] = '-'
			}
		}
		want[string(name)] = kind(random.IntN(4))
	}
	for name, k := range want {
		if err := list.add(name, k); err != nil {
			t.Fatal(err)
		}
	}
	if len(list.blocks) < 3 {
		t.Fatalf("%d blocks do not test much", len(list.blocks))
	}
	list.sort()
	got := map[string]kind{}
	var keys []string
	for ; list.more(); list.next++ {
		e := list.head()
		got[string(e.name)] = e.kind
		key := domain.PathText(string(e.name))
		if e.kind == folder {
			key = domain.PathText(string(e.name)) + "/"
		}
		keys = append(keys, key)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if runtime.GOOS != "windows" && !slices.IsSortedFunc(keys, strings.Compare) {
		t.Error("not in order")
	}
}
