package scan_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"vlocal/scan"
)

// BenchmarkWalk is 20,000 files, in one folder and in folders of 1000.
//
//	go test -run '^$' -bench Walk ./scan
func BenchmarkWalk(b *testing.B) {
	const files = 20_000
	for name, perFolder := range map[string]int{"flat": files, "folders": 1000} {
		b.Run(name, func(b *testing.B) {
			root := b.TempDir()
			for i := range files {
				dir := filepath.Join(root, fmt.Sprintf("folder_%03d", i/perFolder))
				if err := os.MkdirAll(dir, 0o700); err != nil {
					b.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("IMG_%05d.jpg", i)), nil, 0o600); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				n := 0
				for _, err := range scan.Walk(b.Context(), root, scan.Options{}, &scan.Report{}) {
					if err != nil {
						b.Fatal(err)
					}
					n++
				}
				if n != files {
					b.Fatalf("%d found", n)
				}
			}
			b.ReportMetric(float64(files*b.N)/b.Elapsed().Seconds(), "files/s")
		})
	}
}
