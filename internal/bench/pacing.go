package main

import (
	"fmt"
	"strings"
	"time"

	"vlocal/internal/loadserver"
)

// perMinute is what the server of the rate scenario allows.
const perMinute = 500

// settling is how long a run may take to find its pace.
const settling = time.Minute

// spare is how much longer than measured a run goes on, so that its last seconds
// are whole.
const spare = 2 * time.Second

var rateScenario = scenario{
	name: "rate",
	about: fmt.Sprintf("The server allows %d requests a minute and answers 429 to the rest; "+
		"pictures of 20 KB. The first minute is left out. A run that ended early used none of the allowance after that.", perMinute),
	columns: []string{"minutes", "answered", "jobs failed", "429s", "of the requests", "of the allowance used"},
	rows: func(s settings) []row {
		measured := time.Duration(s.minutes * float64(time.Minute))
		variant := func(label string, told loadserver.Headers, rpm int) row {
			return row{
				label: label,
				server: loadserver.Options{Seed: s.seed, Latency: published,
					Limit: loadserver.Limit{Requests: perMinute, Burst: s.slots, Headers: told}},
				client: client{
					// Four times what the server lets through, so that jobs are left.
					Requests: int((settling+measured).Minutes()+1) * perMinute * 4, Picture: 20 << 10, Slots: s.slots,
					PerMinute: float64(rpm), For: settling + measured + spare,
				},
			}
		}
		return []row{
			variant("headers, no flags", loadserver.AllHeaders, 0),
			variant("no headers, --rpm 500", loadserver.NoHeaders, perMinute),
			variant("no headers, no flags", loadserver.NoHeaders, 0),
		}
	},
	cells: rateCells,
}

func rateCells(r row, got result) []string {
	from, to := int(settling/time.Second), int((r.client.For-spare)/time.Second)
	var sum loadserver.Second
	for i := from; i < min(to, len(got.Server.Seconds)); i++ {
		sum.Answered += got.Server.Seconds[i].Answered
		sum.Limited += got.Server.Seconds[i].Limited
	}
	minutes := float64(to-from) / 60
	return []string{
		fmt.Sprintf("%.1f", minutes), fmt.Sprint(sum.Answered), fmt.Sprint(got.Client.Failed), fmt.Sprint(sum.Limited),
		percent(float64(sum.Limited) / max(1, float64(sum.Answered+sum.Limited))),
		percent(float64(sum.Answered) / (minutes * perMinute)),
	}
}

// width is how many requests the server of the slowdown scenario answers at once.
const width = 8

var slowdownScenario = scenario{
	name: "slowdown",
	about: fmt.Sprintf("After 5 s the server works at %d requests at a time and lets the others wait; an answer alone takes 100 ms. "+
		"With %d in flight it answers %d a second, and more in flight only wait longer. "+
		"Slots in use are means over fifths of the run.", width, width, width*10),
	columns: []string{"requests a second", "of the best", "slots in use", "most at the server"},
	rows: func(s settings) []row {
		return []row{{
			label: "vlocal",
			server: loadserver.Options{Seed: s.seed, Latency: loadserver.Latency{Median: 100 * time.Millisecond},
				Slowdown: loadserver.Slowdown{After: 5 * time.Second, Beyond: width}},
			client: client{Requests: 100_000, Picture: 20 << 10, Slots: s.slots, For: 60 * time.Second},
		}}
	},
	cells: func(_ row, got result) []string {
		var answered, most int
		seconds := got.Server.Seconds[min(10, len(got.Server.Seconds)):]
		for _, s := range seconds {
			answered += s.Answered
			most = max(most, s.MostInFlight)
		}
		perSecond := float64(answered) / max(1, float64(len(seconds)))
		return []string{
			fmt.Sprintf("%.0f", perSecond), percent(perSecond / (width * 10)),
			fifths(got.Client.InFlight), fmt.Sprint(most),
		}
	},
}

// fifths gives the means of five equal parts.
func fifths(values []float64) string {
	var parts []string
	for i := range 5 {
		part := values[i*len(values)/5 : (i+1)*len(values)/5]
		sum := 0.0
		for _, v := range part {
			sum += v
		}
		parts = append(parts, fmt.Sprintf("%.0f", sum/max(1, float64(len(part)))))
	}
	return strings.Join(parts, ", ")
}
