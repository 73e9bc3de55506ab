package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vlocal/internal/loadserver"
	"vlocal/internal/testimage"
)

// TestMain lets the test's program be the processes that bench starts of itself.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "-role" {
		main()
		return
	}
	os.Exit(m.Run())
}

func TestBothWaysAskEveryPictureAndAreMeasured(t *testing.T) {
	const requests, slots, latency = 60, 4, 5 * time.Millisecond
	for _, plain := range []bool{false, true} {
		r := row{
			server: loadserver.Options{Latency: loadserver.Latency{Median: latency}},
			client: client{Plain: plain, Requests: requests, Picture: 1 << 10, Slots: slots},
		}
		got, err := r.measure(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got.Client.Done != requests || got.Server.Answered != requests || got.Server.Drawn != requests*latency {
			t.Errorf("plain %t: %+v", plain, got)
		}
		if got.Server.Connections > slots || got.Server.MostInFlight > slots {
			t.Errorf("plain %t: %d connections, %d in flight", plain, got.Server.Connections, got.Server.MostInFlight)
		}
		if share := ofIdeal(r, got); share <= 0 || share > 1 {
			t.Errorf("plain %t: %g of what the latencies allow", plain, share)
		}
		if got.Client.PeakBytes < 1<<20 {
			t.Errorf("plain %t: a peak of %d bytes", plain, got.Client.PeakBytes)
		}
	}
}

func TestFaultsAreRetriedUntilEveryJobIsDone(t *testing.T) {
	r := row{
		server: loadserver.Options{Faults: loadserver.Faults{Hang: 0.02, Reset: 0.03, Error: 0.03}, Seed: 1},
		client: client{Requests: 100, Picture: 1 << 10, Slots: 10, Timeout: 500 * time.Millisecond},
	}
	got, err := r.measure(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	bad := got.Server.Requests - got.Server.Answered
	// A client that gave up may have missed an answer by a moment.
	if got.Client.Done != 100 || bad == 0 || got.Client.Retried < bad || got.Client.Retried != got.Client.Sent-100 || got.Server.Wasted == 0 {
		t.Errorf("%+v", got)
	}
}

func TestRunEndsWhenItsTimeIsUp(t *testing.T) {
	r := row{
		server: loadserver.Options{Latency: loadserver.Latency{Median: 10 * time.Millisecond}},
		client: client{Requests: 10_000, Picture: 1 << 10, Slots: 2, For: 300 * time.Millisecond},
	}
	got, err := r.measure(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.Client.Done == 0 || got.Client.Done == 10_000 {
		t.Errorf("done %d", got.Client.Done)
	}
}

func TestWholeProgramAsksAboutEveryPhoto(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "a.heic"), testimage.HEIC(testimage.Landscape(64, 48), testimage.HEIF{}), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]photos{
		"made up": {Count: 5, Width: 64, Height: 48, PNG: 2}, "of a folder": {Count: 3, Folder: folder, Memory: "64MB"},
	} {
		got, err := row{client: client{Photos: &p}}.measure(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		// As many answers as photos: no two have the same bytes.
		if got.Server.Answered != p.Count || got.Client.Elapsed <= 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestScenarioThatIsNotThereIsNamed(t *testing.T) {
	err := benchmark(t.Context(), settings{}, "latencies")
	if err == nil || !strings.Contains(err.Error(), `"latencies"; there are latency, constant`) {
		t.Error(err)
	}
}

func TestTableIsMarkdown(t *testing.T) {
	got := table{head: []string{"way", "rate"}, rows: [][]string{{"vlocal", percent(0.9712)}}}.String()
	if want := "| way | rate |\n|---|---|\n| vlocal | 97.1 % |"; got != want {
		t.Errorf("%s", got)
	}
}

func TestExportsAreMeasured(t *testing.T) {
	lines, err := measureExports(t.Context(), settings{rows: 50})
	if err != nil {
		t.Fatal(err)
	}
	if len(lines) != 4 || lines[0][0] != "vlocal export photos.csv" || lines[0][1] != "50" || !strings.HasSuffix(lines[0][2], " s") {
		t.Errorf("%q", lines)
	}
}
