package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// The box that pictures are fitted into, in pixels, and the quality.
const (
	boxWidth, boxHeight = 1920, 1080
	quality             = 85
)

// pictures is how many a round has.
const pictures = 8

var imagesAbout = fmt.Sprintf("JPEGs made to fit into %d x %d pixels, quality %d, upright, without metadata, written to disk. "+
	"Images a second are of the median round, CPU (user and system) of the best, and memory is the most that "+
	"all processes of a way held together.", boxWidth, boxHeight, quality)

var imagesScenario = scenario{name: "images", about: imagesAbout, run: runImages}

// runImages measures each way on each set of pictures, in rounds: each round has
// every way once, so that what else the machine does meets all of them.
func runImages(ctx context.Context, s settings, w io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "vlocal-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	ways, missing := findWays(ctx)
	for _, what := range missing {
		fmt.Fprintln(os.Stderr, "images: goes on without "+what)
	}
	sets, err := drawSets(ctx, drawing{Photos: s.real, Dir: dir, Pictures: pictures})
	if err != nil {
		return fmt.Errorf("make the pictures: %w", err)
	}
	out := filepath.Join(dir, "small")
	if err := os.Mkdir(out, 0o700); err != nil {
		return err
	}
	fmt.Fprintf(w, "\n## images\n\n%s\n", imagesAbout)
	for _, set := range sets {
		seen := make([][]usage, len(ways))
		for r := range max(s.rounds, 1) {
			fmt.Fprintf(os.Stderr, "images: %s, round %d\n", set.Name, r+1)
			for i, way := range ways {
				u, err := way.measure(ctx, set.Files, out)
				if err != nil {
					return fmt.Errorf("%s: %w", way.label(), err)
				}
				seen[i] = append(seen[i], u)
			}
		}
		fmt.Fprintf(w, "\n%s, %d rounds of %d pictures:\n\n%s\n", set.Name, max(s.rounds, 1), len(set.Files), imagesTable(ways, seen, len(set.Files)))
	}
	return nil
}

// imagesTable has a line for each way.
func imagesTable(ways []way, seen [][]usage, made int) table {
	t := table{head: []string{"cores", "way", "images a second", "CPU per image", "peak memory", "images a second, vipsthumbnail = 1", "by CPU", "one core = 1"}}
	type kind struct {
		id    string
		cores int
		each  bool
	}
	all := map[kind]usage{}
	for i, w := range ways {
		all[kind{w.id, w.cores, w.each}] = typical(seen[i])
	}
	for _, w := range ways {
		u := all[kind{w.id, w.cores, w.each}]
		against := func(other kind) string {
			if o, ok := all[other]; ok {
				return fmt.Sprintf("%.2f", o.wall.Seconds()/u.wall.Seconds())
			}
			return "-"
		}
		vips, byCPU, one := kind{vipsthumbnail, w.cores, w.each}, "-", "-"
		if o, ok := all[vips]; ok && u.cpu > 0 {
			byCPU = fmt.Sprintf("%.2f", o.cpu.Seconds()/u.cpu.Seconds())
		}
		if w.cores > 1 {
			one = against(kind{w.id, 1, false})
		}
		memory := "-"
		if u.peak > 0 {
			memory = megabytes(u.peak)
		}
		t.rows = append(t.rows, []string{
			fmt.Sprint(w.cores), w.label(), fmt.Sprintf("%.1f", float64(made)/u.wall.Seconds()),
			fmt.Sprintf("%.1f ms", u.cpu.Seconds()*1000/float64(made)), memory,
			against(vips), byCPU, one,
		})
	}
	return t
}

// typical gives the median of the wall clock, the least of the CPU, and the most of
// the memory.
func typical(rounds []usage) usage {
	byWall := slices.SortedFunc(slices.Values(rounds), func(a, b usage) int { return cmp.Compare(a.wall, b.wall) })
	u := byWall[len(byWall)/2]
	for _, r := range rounds {
		u.cpu, u.peak = min(u.cpu, r.cpu), max(u.peak, r.peak)
	}
	return u
}

// usage is what making pictures took.
type usage struct {
	wall, cpu time.Duration
	peak      int64 // bytes; 0 where it cannot be told
}

// findWays gives the ways that can be measured here, and says which cannot.
func findWays(ctx context.Context) (ways []way, missing []string) {
	programs := []program{vlocal, imagingWhole}
	for _, find := range []func(context.Context) (program, error){findVips, findPillow} {
		p, err := find(ctx)
		if err != nil {
			missing = append(missing, err.Error())
			continue
		}
		programs = append(programs, p)
	}
	for _, w := range []way{{cores: 1}, {cores: 1, each: true}, {cores: 2}} {
		for _, w.program = range programs {
			// That the whole way is slow need be shown but once.
			if w.id != imagingWhole.id || w.cores == 1 && !w.each {
				ways = append(ways, w)
			}
		}
	}
	return ways, missing
}
