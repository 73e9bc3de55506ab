// Bench measures the loop of a run against a server with settable latencies,
// limits and faults, and the making of small pictures against other programs, and
// prints tables. Each row is measured in a process of its own, with the server in
// another, so that CPU and peak memory are the client's alone.
//
//	go run ./internal/bench
//	go run ./internal/bench -scenario images
//	go run ./internal/bench -scenario latency -requests 10000
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"
)

// settings are what a person can choose.
type settings struct {
	requests, slots, pictureKB, repeat int
	rows                               int
	minutes                            float64
	seed                               uint64
	json                               bool
	profile                            string
	photos                             int
	folder                             string
	jobs, table, files                 int
	soak                               time.Duration
	rounds                             int
	real                               string
}

func main() {
	var s settings
	flag.IntVar(&s.requests, "requests", 10_000, "ask `N` pictures where a scenario does not say how many")
	flag.IntVar(&s.slots, "slots", 25, "have up to `N` requests in flight")
	flag.IntVar(&s.pictureKB, "picture", 300, "send pictures of `KB` kilobytes where a scenario does not say how large")
	flag.IntVar(&s.repeat, "repeat", 1, "measure each row of latency, constant and export `N` times, in turn")
	flag.IntVar(&s.rows, "rows", 1_000_000, "export `N` rows")
	flag.Float64Var(&s.minutes, "minutes", 3, "measure the rate scenario for `M` minutes after the first")
	flag.Uint64Var(&s.seed, "seed", 1, "draw the latencies and faults from seed `N`")
	flag.BoolVar(&s.json, "json", false, "print what was measured as JSON, one row a line")
	flag.IntVar(&s.rounds, "rounds", 5, "measure each way of the images scenario `N` times, in turn")
	flag.StringVar(&s.real, "real", "../shared/photos", "take real photos for the images scenario from the folders in `DIR`, where it is there")
	flag.StringVar(&s.profile, "cpuprofile", "", "write a CPU profile of vlocal's last measurement to `FILE`")
	flag.IntVar(&s.photos, "photos", 1000, "run the photos scenario on `N` photos (some 3 MB each, in the folder for temporary files)")
	flag.StringVar(&s.folder, "folder", "", "in the photos scenario take the files in `FOLDER` too")
	flag.IntVar(&s.jobs, "jobs", 60_000, "take `N` jobs through the table in the jobs scenario")
	flag.IntVar(&s.table, "table", 100_000, "have `N` jobs in the database of the status scenario")
	flag.IntVar(&s.files, "files", 100_000, "have `N` files in the folder of the scan scenario")
	flag.DurationVar(&s.soak, "for", time.Hour, "let the soak scenario, which runs only when it is named, go on for `TIME`")
	chosen := flag.String("scenario", "", "measure only these, of "+strings.Join(names(), ", "))
	role := flag.String("role", "", "(what a process that bench itself starts is to do)")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	switch *role {
	case "":
		err = benchmark(ctx, s, *chosen)
	case roleServer:
		err = serve(os.Stdin, os.Stdout)
	case roleClient:
		err = measureFrom(ctx, os.Stdin, os.Stdout)
	case rolePrepare:
		err = prepareFrom(ctx, os.Stdin)
	case roleDraw:
		err = drawFrom(os.Stdin, os.Stdout)
	default:
		err = fmt.Errorf("no role %q", *role)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// benchmark runs the chosen scenarios, or all, and prints their tables.
func benchmark(ctx context.Context, s settings, chosen string) error {
	wanted := strings.FieldsFunc(cmp.Or(chosen, strings.Join(together(), ",")), func(r rune) bool { return r == ',' })
	for _, name := range wanted {
		scenario, ok := find(name)
		if !ok {
			return fmt.Errorf("there is no scenario %q; there are %s", name, strings.Join(names(), ", "))
		}
		if scenario.run != nil {
			if err := scenario.run(ctx, s, os.Stdout); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			continue
		}
		rows := scenario.rows(s)
		var results []result
		for _, r := range rows {
			fmt.Fprintf(os.Stderr, "%s: %s\n", name, r.label)
			r.client.Profile = s.profile
			got, err := r.measure(ctx)
			if err != nil {
				return fmt.Errorf("%s, %s: %w", name, r.label, err)
			}
			results = append(results, got)
		}
		if err := scenario.print(os.Stdout, s, rows, results); err != nil {
			return err
		}
	}
	return nil
}

// print writes a scenario's results as a table, or as JSON.
func (sc scenario) print(w io.Writer, s settings, rows []row, results []result) error {
	if s.json {
		out := json.NewEncoder(w)
		for i, r := range results {
			if err := out.Encode(map[string]any{"scenario": sc.name, "row": rows[i].label, "result": r}); err != nil {
				return err
			}
		}
		return nil
	}
	t := table{head: append([]string{"way"}, sc.columns...)}
	for i, r := range results {
		t.rows = append(t.rows, append([]string{rows[i].label}, sc.cells(rows[i], r)...))
	}
	_, err := fmt.Fprintf(w, "\n## %s\n\n%s\n\n%s\n", sc.name, sc.about, t)
	return err
}
