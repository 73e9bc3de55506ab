package main

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/urfave/cli/v2"

	"vlocal/domain"
	"vlocal/vision"
	"vlocal/worker"
)

// asker is an invocation of run, as far as it does not ask yet.
func asker(t *testing.T, handler http.HandlerFunc) *asking {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	client, err := vision.New(vision.Options{BaseURL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	return &asking{
		c:   cli.NewContext(newApp(io.Discard, io.Discard), flag.NewFlagSet("run", flag.ContinueOnError), nil),
		con: console{out: io.Discard, err: io.Discard}, client: client, models: []string{"m"},
	}
}

// Ctrl-C while the server does not answer whether it knows the key ends the run,
// and does not wait for it.
func TestFirstInterruptEndsTheCheckOfKeys(t *testing.T) {
	drain := make(chan struct{})
	a := asker(t, func(_ http.ResponseWriter, r *http.Request) {
		close(drain)
		<-r.Context().Done()
	})
	if err := a.check(t.Context(), drain, 10); !errors.Is(err, worker.ErrDrained) {
		t.Errorf("%v", err)
	}
}

func TestInterruptAnswersTheQuestionAfterASample(t *testing.T) {
	in, typing, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stdin := os.Stdin
	os.Stdin = in
	t.Cleanup(func() {
		_ = typing.Close() // ends the reader
		os.Stdin = stdin
	})
	a := asker(t, http.NotFound)
	var told bytes.Buffer
	a.con.err = &told
	drain := make(chan struct{})
	close(drain)
	goOn, err := a.confirmed(drain, 10)
	if goOn || !errors.Is(err, errTold) || !strings.Contains(told.String(), "go on with: vlocal run") {
		t.Errorf("%v, %v: %s", goOn, err, told.String())
	}
}

// A script has to know of rows that the run itself left to another one.
func TestRowsLeftToAnotherRunAreNoSuccess(t *testing.T) {
	con := console{out: io.Discard, err: io.Discard}
	for _, c := range []struct {
		o    outcome
		exit int
	}{
		{outcome{total: 3, Progress: worker.Progress{Done: 3}}, exitDone},
		{outcome{total: 3, Progress: worker.Progress{Done: 2}, left: 1}, exitError},
		{outcome{total: 3, Progress: worker.Progress{Done: 2, Failed: 1}, failedBefore: 1}, exitFailed},
	} {
		if exit := report(io.Discard, con.tellRun(c.o)); exit != c.exit {
			t.Errorf("%d done, %d left: exit code %d, want %d", c.o.Done, c.o.left, exit, c.exit)
		}
	}
}

// The line has room for what was decided, and is not filled with what was not.
func TestProgressTellsSlotsOnlyWhenSomeAreWithheld(t *testing.T) {
	s := runState{Progress: worker.Progress{Slots: 25}, most: 25}
	if got := progressState(100, s); strings.Contains(got, "slots") {
		t.Error(got)
	}
	s.Slots = 20
	if got := progressState(100, s); !strings.Contains(got, "slots 20") {
		t.Error(got)
	}
}

func TestProgressTellsMoneyBeforeANarrowTerminalEnds(t *testing.T) {
	s := runState{
		Progress: worker.Progress{Done: 101, Failed: 1, Spent: domain.Dollars(0.1061), Recent: 120 * time.Millisecond, Slots: 20, Elapsed: 6 * time.Second},
		pace:     vision.Pace{PerMinute: 900, Keys: 4, Aside: 3}, most: 25,
	}
	if got, want := progressState(402, s), "17.0/s ETA 17.6s failed 1 $0.1061 limit 900/min slots 20 keys 1 of 4 latency 120ms"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

func TestBudgetNamesTheModelWithoutAPriceAndWhatToDo(t *testing.T) {
	o := worker.Options{Budget: 1, Price: func(model string) (domain.Price, bool) { return domain.Price{}, model == "first" }}
	for _, c := range []struct{ model, want string }{{"other", "whose price vlocal models tells"}, {"", ""}} {
		models := []string{"first", c.model}
		if c.model == "" {
			models = models[:1]
		}
		err := checkBudget(o, models)
		if (err != nil) != (c.want != "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v", models, err)
		}
	}
}

func TestHelpTellsNoDefaultWhereThereIsNone(t *testing.T) {
	var out bytes.Buffer
	if err := newApp(&out, io.Discard).Run([]string{"vlocal", "run", "--help"}); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"(default: 0)", "(default: 0s)", "(default: false)"} {
		if strings.Contains(out.String(), text) {
			t.Errorf("it has %s", text)
		}
	}
	if !strings.Contains(out.String(), "in flight (default: 25)") {
		t.Error("it does not tell a default that there is")
	}
}
